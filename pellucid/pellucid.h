// SPDX-License-Identifier: Apache-2.0
// pellucid: which tokens, words or sentences made a transformer answer as it did. The public API on
// one page.
//
//   auto model = pellucid::Model::load("path/or/hub-name");
//   auto explanation = pellucid::explain(model, "I love this movie",
//                                        {.method = pellucid::IntegratedGradients{.steps = 50}});
//   std::cout << pellucid::to_terminal(explanation);
//   pellucid::save_html(explanation, "why.html");
//   for (auto& [unit, score] : explanation.ranked()) ...
#pragma once

#include "pellucid/attributions/counterfactual.h"
#include "pellucid/attributions/explanation.h"
#include "pellucid/attributions/hierarchical_occlusion.h"
#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/kernel_shap.h"
#include "pellucid/attributions/leave_one_out.h"
#include "pellucid/attributions/lime.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/partition_shap.h"
#include "pellucid/attributions/permutation_shap.h"
#include "pellucid/attributions/random_scores.h"
#include "pellucid/attributions/rise.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/attributions/shapley.h"
#include "pellucid/attributions/shapley_interactions.h"
#include "pellucid/attributions/sobol.h"
#include "pellucid/base/error.h"
#include "pellucid/models/model.h"
#include "pellucid/report/html.h"
#include "pellucid/report/json.h"
#include "pellucid/report/terminal.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tasks/predict.h"
#include "pellucid/text/tokenizer.h"
#include "pellucid/text/units.h"
