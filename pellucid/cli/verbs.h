// SPDX-License-Identifier: Apache-2.0
// The verbs: one function and one file each. They return the exit code; errors are thrown.
#pragma once

namespace pellucid::cli {

class Arguments;

int demo(const Arguments& arguments);
int explain(const Arguments& arguments);
int predict(const Arguments& arguments);
int tokenize(const Arguments& arguments);
int inspect(const Arguments& arguments);
int info(const Arguments& arguments);
int methods(const Arguments& arguments);
int pull(const Arguments& arguments);
int report(const Arguments& arguments);
int completion(const Arguments& arguments);
int help(const Arguments& arguments);

}  // namespace pellucid::cli
