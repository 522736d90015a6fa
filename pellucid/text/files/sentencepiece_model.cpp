// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/files/sentencepiece_model.h"

#include <cstring>

#include "pellucid/base/error.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

// Field numbers of sentencepiece_model.proto.
constexpr std::uint64_t kPieces = 1, kTrainer = 2, kNormalizer = 3;  // of the model
constexpr std::uint64_t kPieceText = 1, kPieceScore = 2, kPieceType = 3;
constexpr std::uint64_t kModelType = 3, kUnknownId = 40, kUnknownPiece = 45;  // of the trainer
constexpr std::uint64_t kCharacterMap = 2;                                    // of the normalizer

/// Fields of one message, one after the other.
/// https://protobuf.dev/programming-guides/encoding
class Message {
 public:
  Message(std::string_view bytes, const std::string& name) : rest_(bytes), name_(name) {}

  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field_ = tag >> 3;
    wire_ = tag & 7;
    switch (wire_) {
      case kVarint:
        number_ = varint();
        break;
      case kFixed64:
        bytes_ = take(8);
        break;
      case kBytes:
        bytes_ = take(varint());
        break;
      case kFixed32:
        bytes_ = take(4);
        break;
      default:
        refuse();
    }
    return true;
  }

  std::uint64_t field() const { return field_; }
  std::int64_t number() const {
    if (wire_ != kVarint) refuse();
    return static_cast<std::int64_t>(number_);
  }
  std::string_view bytes() const {
    if (wire_ != kBytes) refuse();
    return bytes_;
  }
  float real() const {
    if (wire_ != kFixed32) refuse();
    std::uint32_t bits = 0;
    for (std::size_t i = 4; i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(bytes_[i]);
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  Message message() const { return Message(bytes(), name_); }

 private:
  enum Wire : std::uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  [[noreturn]] void refuse() const { fail("{}: not a SentencePiece model", name_); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    refuse();
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) refuse();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  const std::string& name_;
  std::uint64_t field_ = 0;
  std::uint64_t wire_ = 0;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
};

SentencePiece read_piece(Message message, const std::string& name) {
  SentencePiece piece;
  while (message.next()) {
    if (message.field() == kPieceText) piece.text = message.bytes();
    if (message.field() == kPieceScore) piece.score = message.real();
    if (message.field() == kPieceType) piece.type = message.number();
  }
  decode_utf8(piece.text, name);
  check(piece.score == piece.score, "{}: the score of a piece is not a number", name);
  return piece;
}

}  // namespace

SentencePieceModel read_sentencepiece(std::string_view bytes, const std::string& name) {
  SentencePieceModel model;
  for (Message message(bytes, name); message.next();) {
    if (message.field() == kPieces) {
      model.pieces.push_back(read_piece(message.message(), name));
    } else if (message.field() == kTrainer) {
      for (Message trainer = message.message(); trainer.next();) {
        if (trainer.field() == kModelType) model.kind = trainer.number();
        if (trainer.field() == kUnknownId) model.unknown_id = trainer.number();
        if (trainer.field() == kUnknownPiece) model.unknown_piece = trainer.bytes();
      }
    } else if (message.field() == kNormalizer) {
      for (Message normalizer = message.message(); normalizer.next();) {
        if (normalizer.field() == kCharacterMap) model.character_map = normalizer.bytes();
      }
    }
  }
  check(!model.pieces.empty(), "{}: not a SentencePiece model: it has no pieces", name);
  decode_utf8(model.unknown_piece, name);
  return model;
}

}  // namespace pellucid
