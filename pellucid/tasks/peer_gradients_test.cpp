// SPDX-License-Identifier: Apache-2.0
// Gradient and attention methods against recorded answers of captum, inseq and interpreto, with the
// draws that they made. All of it stands beside the repository.
#include <unistd.h>

#include "pellucid/attributions/attention.h"
#include "pellucid/attributions/deep_lift.h"
#include "pellucid/attributions/discretized_ig.h"
#include "pellucid/attributions/gradient_shap.h"
#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/registry.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/attributions/sequential_ig.h"
#include "pellucid/attributions/smooth_grad.h"
#include "pellucid/attributions/toy_test.h"
#include "pellucid/attributions/value_zeroing.h"
#include "pellucid/tasks/peers_test.h"
#include "pellucid/tasks/preset_gradients.h"

namespace pellucid {
namespace {

using peers::Json;
using Ids = std::vector<std::int32_t>;

constexpr double kPeer = 1e-4;  // of the largest score

/// Recorded cases with the tensors that they point into.
struct Recorded {
  explicit Recorded(const std::string& name) : cases(peers::cases(peers::Set::full, name)) {
    const auto path = peers::source_folder() / "../shared/golden/peers" / (name + ".safetensors");
    if (!cases.empty()) tensors.emplace(SafetensorsFile::open(path.lexically_normal().string()));
  }
  std::vector<float> values(const Json& place) const {
    if (place.contains("tensor"))
      return tensors->at(place.at("tensor").get<std::string>()).floats();
    std::vector<float> flat;
    flatten(place.at("values"), flat);
    return flat;
  }
  static void flatten(const Json& value, std::vector<float>& flat) {
    if (!value.is_array()) return flat.push_back(value.get<float>());
    for (const Json& part : value) flatten(part, flat);
  }

  std::vector<Json> cases;
  std::optional<SafetensorsFile> tensors;
};

/// Draws go through a file, as those of a user would.
RecordedDraws draws_of(const std::map<std::string, std::vector<float>>& draws, std::int64_t count) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("pellucid_draws_" + std::to_string(getpid()) + ".safetensors");
  std::vector<TensorView> views;
  for (const auto& [name, values] : draws) {
    TensorView view;
    view.name = name;
    view.shape = {count, static_cast<std::int64_t>(values.size()) / count};
    view.data = values.data();
    view.bytes = values.size() * sizeof(float);
    views.push_back(view);
  }
  save_safetensors(path.string(), views);
  RecordedDraws read(path.string());
  std::filesystem::remove(path);
  return read;
}

Ids ids_of(const Json& test, const char* key) { return test.at(key).get<Ids>(); }

Replacement pads_between(const Ids& ids) {
  Replacement baseline{.kind = Replacement::Kind::ids, .ids = Ids(ids.size(), 0)};
  baseline.ids.front() = ids.front();
  baseline.ids.back() = ids.back();
  return baseline;
}

std::string tap_of(const std::string& layer) {
  if (layer.find("embeddings") != std::string::npos) return "embedding-block";
  const auto place = layer.find("layer.");
  return "layer." + layer.substr(place + 6, layer.find('.', place + 6) - place - 6) + ".hidden";
}

template <class M>
M noise_tunnel(const Json& test, const Recorded& all) {
  M method{.reduce = Reduce::dot};
  const auto of = test.at("of").get<std::string>();
  method.inner = of == "Saliency"         ? Inner::absolute_gradient
                 : of == "InputXGradient" ? Inner::input_x_gradient
                                          : Inner::integrated_gradients;
  if (method.inner == Inner::integrated_gradients) {
    method.baseline = pads_between(ids_of(test, "input_ids"));
    method.steps = 5;
  }
  method.biased = test.at("kind") == "vargrad";
  method.draws = draws_of({{"noise", all.values(test.at("draws").at(0))}},
                          test.at("samples").get<std::int64_t>());
  return method;
}

std::optional<Method> captum_method(const Json& test, const Recorded& all) {
  const auto name = test.value("method", "");
  const Ids ids = ids_of(test, "input_ids");
  if (name == "GradientShap") {
    GradientShap method{.baselines = {pads_between(ids), {.kind = Replacement::Kind::zero}}};
    method.noise_on = NoisePlace::input;
    method.draws = draws_of({{"baselines", all.values(test.at("draws").at(0))},
                             {"noise", all.values(test.at("draws").at(1))},
                             {"alphas", all.values(test.at("draws").at(2))}},
                            test.at("samples").get<std::int64_t>());
    return method;
  }
  if (name == "NoiseTunnel") {
    const auto kind = test.at("kind").get<std::string>();
    if (kind == "smoothgrad") return noise_tunnel<SmoothGrad>(test, all);
    if (kind == "smoothgrad_sq") return noise_tunnel<SquareGrad>(test, all);
    return noise_tunnel<VarGrad>(test, all);
  }
  if (name == "DeepLift") {
    return DeepLift{.rules = DeepLiftRules::captum, .baseline = pads_between(ids)};
  }
  if (name == "LayerGradientXActivation") {
    return InputXGradient{.layer = tap_of(test.at("layer").get<std::string>())};
  }
  if (name != "LayerIntegratedGradients" || test.at("rule") != "gausslegendre") return std::nullopt;
  return IntegratedGradients{
      .steps = test.at("steps").get<int>(),
      .baseline = {.kind = Replacement::Kind::ids, .ids = ids_of(test, "baseline_ids")},
      .layer = tap_of(test.at("layer").get<std::string>())};
}

TEST(Captum, GradientMethodsWithItsDraws) {
  const Recorded all("captum_more");
  if (all.cases.empty()) GTEST_SKIP() << "the recorded answers are not here";
  std::map<std::string, int> compared;
  for (const Json& test : all.cases) {
    const Model* model = peers::find_model(test.at("model").get<std::string>());
    if (model == nullptr || test.contains("error")) continue;
    const auto method = captum_method(test, all);
    if (!method) continue;
    const auto found =
        toy::run(*model, *method, ids_of(test, "input_ids"),
                 {{.index = test.at("target").get<std::int64_t>(), .output = Output::logit}});
    EXPECT_LE(
        peers::error(found.found.token_scores[0], test.at("per_token").get<std::vector<double>>()),
        kPeer)
        << test.dump().substr(0, 300);
    ++compared[test.at("method").get<std::string>()];
  }
  EXPECT_GE(compared["NoiseTunnel"], 27);
  EXPECT_GE(compared["GradientShap"], 3);
  EXPECT_GE(compared["DeepLift"], 3);
  EXPECT_GE(compared["LayerIntegratedGradients"], 6);
  EXPECT_GE(compared["LayerGradientXActivation"], 6);
}

/// One generated token of an inseq case.
struct Step {
  const Json& test;
  const Recorded& all;
  std::int64_t k;

  Ids ids() const {
    Ids all_ids = ids_of(test, "ids");
    all_ids.resize(static_cast<std::size_t>(row() + 1));
    return all_ids;
  }
  std::int64_t row() const { return test.at("attr_pos_start").get<std::int64_t>() + k - 1; }
  Target target() const {
    const bool logit = test.at("parameters").value("attributed_fn", "") == "logit";
    return {.index = ids_of(test, "ids")[static_cast<std::size_t>(row() + 1)],
            .positions = {row()},
            .output = logit ? Output::logit : Output::probability};
  }
  /// Column k of a matrix [positions][steps], of the visible positions.
  std::vector<double> column(const char* key) const {
    std::vector<double> values;
    for (std::int64_t i = 0; i <= row(); ++i) {
      values.push_back(test.at(key)
                           .at(static_cast<std::size_t>(i))
                           .at(static_cast<std::size_t>(k))
                           .get<double>());
    }
    return values;
  }
};

double step_error(const Step& step, const Model& model, const Method& method,
                  const std::vector<double>& expected) {
  return peers::error(toy::run(model, method, step.ids(), {step.target()}).found.token_scores[0],
                      expected);
}

template <class M>
void expect_both(const Step& step, const Model& model, M method, Reduce summed = Reduce::dot,
                 double tolerance = kPeer) {
  method.reduce = summed;
  EXPECT_LE(step_error(step, model, method, step.column("summed")), tolerance)
      << method.name() << " " << step.k << " " << step.test.at("model");
  method.reduce = Reduce::l2;
  EXPECT_LE(step_error(step, model, method, step.column("l2")), tolerance)
      << method.name() << " l2 " << step.k << " " << step.test.at("model");
}

/// One layer of [positions][steps][layers](heads), heads meaned.
std::vector<double> layer_column(const Step& step, std::int64_t layer) {
  const Json& place = step.test.at("attributions");
  const auto values = step.all.values(place);
  const auto shape = place.at("shape").get<std::vector<std::int64_t>>();
  const std::int64_t heads = shape.size() > 3 ? shape[3] : 1;
  std::vector<double> column;
  for (std::int64_t i = 0; i <= step.row(); ++i) {
    double mean = 0;
    for (std::int64_t h = 0; h < heads; ++h) {
      mean += double{values[static_cast<std::size_t>(
                  ((i * shape[1] + step.k) * shape[2] + layer) * heads + h)]} /
              static_cast<double>(heads);
    }
    column.push_back(mean);
  }
  return column;
}

void expect_inseq(const Step& step, const Model& model, std::map<std::string, int>& compared) {
  const auto name = step.test.at("method").get<std::string>();
  const std::int32_t eos = model.tokenizer().eos_id().value();
  const Replacement baseline{.kind = Replacement::Kind::ids, .ids = Ids(step.ids().size(), eos)};
  if (name == "saliency") {
    expect_both(step, model, Saliency{}, Reduce::l1);
  } else if (name == "input_x_gradient") {
    expect_both(step, model, InputXGradient{});
  } else if (name == "integrated_gradients") {
    expect_both(step, model, IntegratedGradients{.steps = 20, .baseline = baseline});
  } else if (name == "sequential_integrated_gradients") {
    expect_both(step, model, SequentialIntegratedGradients{.steps = 10, .baseline = baseline});
  } else if (name == "discretized_integrated_gradients") {
    expect_both(step, model,
                DiscretizedIntegratedGradients{
                    .steps = 10, .rule = SegmentRule::left, .baseline = baseline});
  } else if (name == "deeplift") {
    expect_both(step, model, DeepLift{.rules = DeepLiftRules::captum, .baseline = baseline});
  } else if (name == "gradient_shap") {
    const Json& draws = step.test.at("draws");
    GradientShap method{.baseline = baseline};
    method.draws =
        draws_of({{"alphas", step.all.values(draws.at(static_cast<std::size_t>(3 * step.k + 2)))}},
                 step.test.at("parameters").at("n_samples").get<std::int64_t>());
    expect_both(step, model, method);
  } else if (name == "attention" || name == "value_zeroing") {
    if (!step.test.contains("attributions")) return;
    for (std::int64_t layer = 0; layer < model.network().shape().layers; ++layer) {
      const auto text = std::to_string(layer);
      const Method method = name == "attention" ? Method(Attention{.layer = text})
                                                : Method(ValueZeroing{.layer = text});
      EXPECT_LE(step_error(step, model, method, layer_column(step, layer)),
                name == "attention" ? kPeer : 1e-3)
          << name << " " << layer << " " << step.k;
    }
  } else {
    return;
  }
  ++compared[name];
}

TEST(Inseq, GradientAndAttentionMethods) {
  const Recorded all("inseq");
  if (all.cases.empty()) GTEST_SKIP() << "the recorded answers are not here";
  std::map<std::string, int> compared;
  for (const Json& test : all.cases) {
    const Model* model = peers::find_model(test.at("model").get<std::string>());
    if (model == nullptr || test.contains("error") || test.contains("contrast")) continue;
    if (test.at("parameters").value("attributed_fn", "") == "entropy") continue;
    const auto steps = test.at("shape").at(1).get<std::int64_t>();
    for (std::int64_t k = 0; k < steps; ++k) expect_inseq({test, all, k}, *model, compared);
  }
  EXPECT_GE(compared.size(), 9U);
}

template <class M>
Method interpreto_noise(const Json& test, const Recorded& all) {
  M method{.reduce = Reduce::mean_abs, .reduce_first = true};
  const bool times = test.at("parameters").value("input_x_gradient", true);
  method.inner = times ? Inner::input_x_gradient : Inner::gradient;
  method.draws = draws_of({{"embeddings", all.values(test.at("embeddings"))}},
                          test.at("embeddings").at("shape").at(0).get<std::int64_t>());
  return method;
}

std::optional<Method> interpreto_method(const Json& test, const Recorded& all) {
  const auto name = test.value("method", "");
  const bool times = test.at("parameters").value("input_x_gradient", true);
  if (name == "Saliency") {
    return Saliency{.reduce = Reduce::mean_abs, .times_input = times};
  }
  if (!test.contains("embeddings")) return std::nullopt;
  if (name == "SmoothGrad") return interpreto_noise<SmoothGrad>(test, all);
  if (name == "SquareGrad") return interpreto_noise<SquareGrad>(test, all);
  if (name == "VarGrad") return interpreto_noise<VarGrad>(test, all);
  if (name != "GradientShap" || !times) return std::nullopt;
  GradientShap method{.baseline = {.kind = Replacement::Kind::zero},
                      .factor = Factor::point,
                      .reduce = Reduce::mean_abs,
                      .reduce_first = true};
  method.draws = draws_of({{"embeddings", all.values(test.at("embeddings"))}},
                          test.at("embeddings").at("shape").at(0).get<std::int64_t>());
  return method;
}

TEST(Interpreto, GradientMethodsWithItsDraws) {
  const Recorded all("interpreto_more");
  if (all.cases.empty()) GTEST_SKIP() << "the recorded answers are not here";
  std::map<std::string, int> compared;
  for (const Json& test : all.cases) {
    if (test.contains("error") || test.value("granularity", "") != "all_tokens") continue;
    if (!test.contains("method")) continue;
    const Model* model = peers::find_model(test.at("model").get<std::string>());
    const auto method = model == nullptr ? std::nullopt : interpreto_method(test, all);
    if (!method) continue;
    const Ids ids = ids_of(test, "input_ids");
    const auto classes = test.at("targets").get<std::vector<std::int64_t>>();
    std::vector<Target> targets;
    for (std::size_t t = 0; t < classes.size(); ++t) {
      Target target{.index = classes[t],
                    .output = parse_output(test.at("output").get<std::string>())};
      if (test.contains("continuation")) {
        target.positions = {std::ssize(ids) - std::ssize(classes) - 1 +
                            static_cast<std::int64_t>(t)};
      }
      targets.push_back(target);
    }
    const auto found = toy::run(*model, *method, ids, targets);
    for (std::size_t t = 0; t < classes.size(); ++t) {
      std::vector<double> expected, scores;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const Json& value = test.at("attributions").at(t).at(i);
        if (value.is_null()) continue;
        expected.push_back(value.get<double>());
        scores.push_back(found.found.token_scores[t][i]);
      }
      EXPECT_LE(peers::error(scores, expected), kPeer) << test.dump().substr(0, 300);
    }
    ++compared[method->name()];
  }
  for (const char* name : {"smooth-grad", "square-grad", "var-grad", "gradient-shap"}) {
    EXPECT_GE(compared[name], 4) << name;
  }
}

TEST(GradientPresets, SetWhatThePeersDoUnlessTheCallerSaysOtherwise) {
  const auto made = [](Preset preset, const std::string& method, MethodOptions given = {}) {
    add_preset_options(gradient_preset_options(preset, method), given);
    return make_method(method, given).parameters();
  };
  const Replacement zero{.kind = Replacement::Kind::zero, .everywhere = true};
  EXPECT_EQ(made(Preset::captum, "integrated-gradients"),
            (IntegratedGradients{.steps = 50, .baseline = zero}.parameters()));
  EXPECT_EQ(made(Preset::captum, "deep-lift"),
            (DeepLift{.rules = DeepLiftRules::captum, .baseline = zero}.parameters()));
  EXPECT_EQ(made(Preset::captum, "var-grad"), (VarGrad{.samples = 5,
                                                       .noise_absolute = 1,
                                                       .inner = Inner::absolute_gradient,
                                                       .reduce = Reduce::dot,
                                                       .biased = true}
                                                   .parameters()));
  EXPECT_EQ(
      made(Preset::captum, "smooth-grad", {{"noise", "0.2"}, {"tolerance", "0.1"}}),
      (SmoothGrad{
          .noise = 0.2, .inner = Inner::absolute_gradient, .reduce = Reduce::dot, .tolerance = 0.1}
           .parameters()));
  EXPECT_EQ(made(Preset::interpreto, "square-grad"), (SquareGrad{.samples = 10,
                                                                 .noise_absolute = 0.1,
                                                                 .inner = Inner::input_x_gradient,
                                                                 .reduce = Reduce::mean_abs,
                                                                 .reduce_first = true}
                                                          .parameters()));
  EXPECT_EQ(made(Preset::interpreto, "saliency"),
            (Saliency{.reduce = Reduce::mean_abs, .times_input = true}.parameters()));
  EXPECT_TRUE(gradient_preset_options(Preset::captum, "occlusion").empty());
  EXPECT_TRUE(gradient_preset_options(Preset::none, "saliency").empty());
}

}  // namespace
}  // namespace pellucid
