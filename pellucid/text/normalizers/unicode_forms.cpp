// SPDX-License-Identifier: Apache-2.0
// NFC, NFD, NFKC, NFKD.
#include "pellucid/text/normalization.h"
#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

class UnicodeForm : public Normalizer {
 public:
  explicit UnicodeForm(NormalForm form) : form_(form) {}
  void normalize(NormalizedText& text) const override { pellucid::normalize(form_, text); }

 private:
  NormalForm form_;
};

}  // namespace

std::unique_ptr<Normalizer> make_nfc(const Fields&) {
  return std::make_unique<UnicodeForm>(NormalForm::nfc);
}
std::unique_ptr<Normalizer> make_nfd(const Fields&) {
  return std::make_unique<UnicodeForm>(NormalForm::nfd);
}
std::unique_ptr<Normalizer> make_nfkc(const Fields&) {
  return std::make_unique<UnicodeForm>(NormalForm::nfkc);
}
std::unique_ptr<Normalizer> make_nfkd(const Fields&) {
  return std::make_unique<UnicodeForm>(NormalForm::nfkd);
}

}  // namespace pellucid
