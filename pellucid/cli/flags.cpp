// SPDX-License-Identifier: Apache-2.0
// The tables of verbs and flags: what the program knows. A flag with different values for different
// verbs has a row for each.
#include <array>

#include "pellucid/cli/arguments.h"
#include "pellucid/cli/verbs.h"

namespace pellucid::cli {
namespace {

enum : std::uint32_t {
  kDemo = 1U << 0,
  kExplain = 1U << 1,
  kPredict = 1U << 2,
  kTokenize = 1U << 3,
  kInspect = 1U << 4,
  kInfo = 1U << 5,
  kMethods = 1U << 6,
  kReport = 1U << 7,
  kCompletion = 1U << 8,
  kHelp = 1U << 9,
  kPull = 1U << 10,
  kTexts = kExplain | kPredict | kTokenize | kInspect,
  kModels = kExplain | kPredict | kTokenize | kInspect | kInfo,
  kRuns = kExplain | kPredict | kInspect | kDemo,
  kDraws = kDemo | kExplain | kPredict | kReport,
  kAll = ~0U,
};

constexpr std::array kVerbs{
    Verb{"demo", "explain a sentence with the bundled model and write a page about it", "[flags]",
         "pellucid demo\npellucid demo -o why.html", kDemo, demo},
    Verb{"explain", "show what made the model answer as it did", "[MODEL] [TEXT ...] [flags]",
         "pellucid explain \"I love this, but I am afraid.\"\n"
         "pellucid explain DIR \"good, not great\" --target all --method occlusion\n"
         "pellucid explain DIR --input texts.jsonl -o page.html",
         kExplain, explain},
    Verb{"predict", "show the model's answer alone", "[MODEL] [TEXT ...] [flags]",
         "pellucid predict \"I love this.\"\npellucid predict DIR --file texts.txt --format jsonl",
         kPredict, predict},
    Verb{"tokenize", "show tokens with their places in the text", "MODEL [TEXT ...] [flags]",
         "pellucid tokenize DIR \"unbelievable\"\n"
         "echo '{\"ids\": [101, 2293, 102]}' | pellucid tokenize DIR --decode --input -",
         kTokenize, tokenize},
    Verb{"inspect", "save logits, hidden states, attentions and gradients of a run",
         "MODEL [TEXT ... | --ids FILE] [flags]",
         "pellucid inspect DIR \"a text\" --save hidden-states -o run.safetensors\n"
         "pellucid inspect DIR --ids cases.jsonl --gradient 'logits[1]' -o run.safetensors",
         kInspect, inspect},
    Verb{"info", "describe a model: sizes, labels, tokenizer, unused tensors", "MODEL [flags]",
         "pellucid info DIR\npellucid info DIR --format json", kInfo, info},
    Verb{"pull", "download a model into the hub's cache", "NAME[@REVISION] [flags]",
         "pellucid pull ORG/NAME\npellucid pull ORG/NAME@v1.0", kPull, pull},
    Verb{"methods", "list the methods with their options and costs", "[NAME ...] [flags]",
         "pellucid methods\npellucid methods occlusion", kMethods, methods},
    Verb{"report", "turn saved explanations (JSON Lines) into a page", "FILE [flags]",
         "pellucid report explanations.jsonl -o page.html", kReport, report},
    Verb{"completion", "print the completion script of a shell", "bash|zsh|fish",
         "source <(pellucid completion bash)", kCompletion, completion},
    Verb{"help", "describe a verb", "[VERB] [--man]", "pellucid help explain\npellucid help --man",
         kHelp, help},
};

constexpr std::array kFlags{
    Flag{"model", 0, "MODEL", kModels, Group::model,
         "the model: a folder or a name in the hub's cache"},
    Flag{"revision", 0, "NAME", kModels, Group::model,
         "branch, tag or commit of a cached model (main)"},
    Flag{"revision", 0, "NAME", kPull, Group::model, "branch, tag or commit (main)"},
    Flag{"task", 0, "TASK", kExplain | kPredict, Group::model,
         "the task, where the model does not tell"},
    Flag{"label-names", 0, "A,B,C", kExplain | kPredict | kInfo, Group::model,
         "names of the labels, in order"},

    Flag{"text", 0, "TEXT", kTexts, Group::texts, "a text (repeatable)"},
    Flag{"pair", 0, "TEXT", kTexts, Group::texts,
         "second text; for answers: the context (one, or one for each text)"},
    Flag{"file", 0, "FILE", kTexts, Group::texts, "one text a line; - is standard input"},
    Flag{"input", 'i', "FILE", kTexts, Group::texts,
         "JSON Lines: text, pair, question, context, target, label, id; - is standard input"},
    Flag{"csv", 0, "FILE", kTexts, Group::texts, "a table with a line of names; needs --column"},
    Flag{"column", 0, "NAME", kTexts, Group::texts, "the column of --csv that holds the texts"},
    Flag{"ids", 0, "FILE", kInspect, Group::texts,
         "JSON Lines of cases: name, input_ids, attention_mask, token_type_ids, position_ids, "
         "gradients"},

    Flag{"target", 0, "TARGET", kExplain | kDemo, Group::what,
         "a label, an index, predicted, all, top:K or A-B (repeatable)"},
    Flag{"output", 0, "SCALE", kExplain, Group::what,
         "logit, probability, log-probability, log-odds or probability-difference"},
    Flag{"unit", 0, "UNIT", kExplain, Group::what,
         "what gets a score: all-tokens, token, word (default) ..."},
    Flag{"top", 0, "N|all", kExplain | kReport, Group::what, "strongest units listed in text (8)"},
    Flag{"top", 0, "N", kPredict, Group::what, "answers and candidates for a mask (5)"},
    Flag{"grouping", 0, "none|simple|first|average|max", kPredict, Group::what,
         "how token labels are joined to entities (simple)"},
    Flag{"ignore-label", 0, "LABEL", kPredict, Group::what,
         "labels of tokens that are no entities (O; repeatable)"},
    Flag{"max-answer-length", 0, "N", kPredict, Group::what, "longest answer, in tokens (30)"},
    Flag{"allow-no-answer", 0, "", kPredict, Group::what, "the answer may be empty"},

    Flag{"method", 'm', "METHOD", kExplain | kDemo, Group::how,
         "see pellucid methods (integrated-gradients)"},
    Flag{"preset", 0, "NAME", kExplain, Group::how,
         "another library's numbers: transformers-interpret, interpreto or captum"},
    Flag{"steps", 0, "N|auto", kExplain, Group::how,
         "points on the path (32); auto: until the gap is small"},
    Flag{"rule", 0, "RULE", kExplain, Group::how,
         "gauss-legendre, riemann-left, riemann-right, riemann-middle or trapezoid"},
    Flag{"tolerance", 0, "X", kExplain, Group::how,
         "add points until gap and scores settle within this share"},
    Flag{"baseline", 0, "WHAT", kExplain, Group::how,
         "start of the path: pad, mask, unk, zero, mean, a token, or ID,ID,..."},
    Flag{"reduce", 0, "HOW", kExplain, Group::how,
         "from vectors to numbers: dot, l2, l1 or mean-abs"},
    Flag{"layer", 0, "NAME", kExplain, Group::how,
         "where to differentiate: embeddings, embedding-block, layer.N.hidden"},
    Flag{"window", 0, "N", kExplain, Group::how, "units replaced at once (1)"},
    Flag{"stride", 0, "N", kExplain, Group::how, "units between windows (1)"},
    Flag{"replacement", 0, "WHAT", kExplain, Group::how,
         "what stands for a unit taken away: mask, pad, unk, delete or a token"},
    Flag{"samples", 0, "N", kExplain, Group::how, "draws of a sampling method"},
    Flag{"noise", 0, "X", kExplain, Group::how,
         "size of the noise, as a share of the range of what it is added to"},
    Flag{"noise-absolute", 0, "X", kExplain, Group::how, "size of the noise itself"},
    Flag{"baselines-file", 0, "FILE", kExplain, Group::how,
         "gradient-shap: baselines, one a line, each as --baseline"},
    Flag{"draws", 0, "FILE", kExplain, Group::how,
         "recorded draws (safetensors) in place of random ones"},
    Flag{"evaluations", 0, "N", kExplain, Group::how, "model runs at most"},
    Flag{"set", 0, "NAME=VALUE", kExplain, Group::how, "any option of the method (repeatable)"},
    Flag{"aggregate", 0, "HOW", kExplain, Group::how,
         "from tokens to units: sum, mean, max, min, signed-max, first, last, l1, l2"},
    Flag{"normalize", 0, "HOW", kExplain, Group::how, "none, l2, max or sum"},
    Flag{"negate", 0, "", kExplain, Group::how, "multiply all scores by -1"},
    Flag{"seed", 0, "N", kExplain, Group::how, "of random draws (0)"},

    Flag{"no-special-tokens", 0, "", kTokenize, Group::what, "leave out [CLS], [SEP] and the like"},
    Flag{"stride", 0, "N", kTokenize, Group::what, "tokens that neighbouring windows share"},
    Flag{"truncation", 0, "longest_first|only_first|only_second", kTokenize, Group::what,
         "which text is cut (longest_first)"},
    Flag{"decode", 0, "", kTokenize, Group::what,
         "the other way: {\"ids\": []} in, {\"text\"} out"},
    Flag{"keep-special-tokens", 0, "", kTokenize, Group::what,
         "with --decode: keep [CLS], [SEP] and the like"},

    Flag{"save", 0, "NAMES", kInspect, Group::saving,
         "logits, hidden-states, attentions, embeddings, pooled (logits)"},
    Flag{"gradient", 0, "TARGET", kInspect, Group::saving,
         "logits[CLASS], logits[POSITION,CLASS], start_logits[POSITION], end_logits[POSITION] "
         "(repeatable)"},
    Flag{"generate", 0, "N", kInspect, Group::saving,
         "continue by N tokens, the most probable each time: generated, log_probabilities"},
    Flag{"dump", 0, "FILE", kExplain, Group::saving,
         "raw embeddings, gradients, attributions and logits as safetensors"},

    Flag{"max-length", 0, "N", kTexts, Group::running,
         "tokens at most, in place of the model's limit"},
    Flag{"long", 0, "truncate|error", kExplain | kPredict, Group::running,
         "what to do with longer texts (truncate)"},
    Flag{"retries", 0, "N", kPull, Group::running,
         "attempts after a failure that may pass, in a row without progress (5)"},
    Flag{"threads", 'j', "N", kRuns, Group::running, "threads (all cores)"},
    Flag{"memory", 0, "SIZE", kRuns & ~kInspect, Group::running,
         "activations at most, such as 2GiB (1 GiB or a quarter of what is free)"},
    Flag{"batch-tokens", 0, "N", kRuns & ~kInspect, Group::running, "tokens in a micro-batch"},
    Flag{"precision", 0, "auto|f32|bf16x3|bf16", kRuns, Group::running,
         "of products (auto; inspect: f32)"},

    Flag{"format", 'f', "text|json|jsonl|html", kExplain, Group::output,
         "text on a terminal, else jsonl"},
    Flag{"format", 'f', "text|json|jsonl", kPredict, Group::output,
         "text on a terminal, else jsonl"},
    Flag{"format", 'f', "json|jsonl", kTokenize, Group::output, "jsonl"},
    Flag{"format", 'f', "text|json", kInspect | kInfo | kMethods, Group::output, "text"},
    Flag{"format", 'f', "html|text|json|jsonl", kReport, Group::output, "html"},
    Flag{"output-file", 'o', "FILE", kAll & ~(kCompletion | kHelp), Group::output,
         "write there, all or nothing; the suffix tells the format; - is standard output"},
    Flag{"color", 0, "auto|always|never", kDraws, Group::output,
         "colours in text (auto; NO_COLOR is honoured)"},
    Flag{"theme", 0, "auto|light|dark", kDraws, Group::output, "background of the terminal (auto)"},
    Flag{"no-progress", 0, "", kDraws | kPull, Group::output, "no progress bar"},
    Flag{"quiet", 'q', "", kAll, Group::output, "errors only"},
    Flag{"verbose", 'v', "", kAll, Group::output, "say more on standard error"},
    Flag{"man", 0, "", kHelp, Group::output, "the manual page, in troff"},
    Flag{"help", 'h', "", kAll, Group::output, "this page; -h: the short one"},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }
std::span<const Flag> flags() { return kFlags; }

std::string_view title(Group group) {
  switch (group) {
    case Group::model:
      return "Model";
    case Group::texts:
      return "Texts";
    case Group::what:
      return "What";
    case Group::how:
      return "How";
    case Group::saving:
      return "Saving";
    case Group::running:
      return "Running";
    case Group::output:
      return "Output";
  }
  return "";
}

}  // namespace pellucid::cli
