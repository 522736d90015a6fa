// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/torch_tensors.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

using Index = PickleValue::Index;
using Kind = PickleValue::Kind;

constexpr std::size_t kMostDimensions = 64;  // torch's own limit

constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildOldTensor = "torch._utils._rebuild_tensor";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kSize = "torch.Size";

/// All that a checkpoint may name. The storages are ordered as kAllDTypes.
constexpr std::size_t kFirstStorage = 5;
constexpr std::array<std::string_view, kFirstStorage + kAllDTypes.size()> kGlobals = {
    "collections.OrderedDict",
    kRebuildTensor,
    kRebuildOldTensor,
    kRebuildParameter,
    kSize,
    "torch.FloatStorage",
    "torch.HalfStorage",
    "torch.BFloat16Storage",
    "torch.DoubleStorage",
    "torch.LongStorage",
    "torch.IntStorage",
    "torch.ShortStorage",
    "torch.CharStorage",
    "torch.ByteStorage",
    "torch.BoolStorage",
};

/// A tensor as it is described: places in elements.
struct Layout {
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::int64_t count = 1;

  /// Elements stand one behind the other. Strides of dimensions of one element say nothing.
  bool contiguous() const {
    std::int64_t expected = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
      if (shape[i] != 1 && strides[i] != expected) return false;
      expected *= shape[i];
    }
    return true;
  }
};

Layout read_layout(const TorchValues& values, Index offset, Index shape, Index strides) {
  Layout layout{values.natural(offset, "storage offset"), values.naturals(shape, "shape"),
                values.naturals(strides, "stride"), 1};
  check(layout.shape.size() == layout.strides.size(), "{}: its shape is {}, but its strides are {}",
        values.where(), shape_text(layout.shape), shape_text(layout.strides));
  bool fits = true;
  for (const std::int64_t size : layout.shape) {
    fits = fits && !__builtin_mul_overflow(layout.count, size, &layout.count);
  }
  const bool empty = std::find(layout.shape.begin(), layout.shape.end(), 0) != layout.shape.end();
  if (empty) layout.count = 0;
  check(fits || empty, "{}: shape {} is too large", values.where(), shape_text(layout.shape));
  return layout;
}

void check_inside(const std::string& where, const Layout& layout, std::int64_t elements) {
  if (layout.count == 0) return;
  std::int64_t last = layout.offset;
  bool fits = true;
  for (std::size_t i = 0; i < layout.shape.size(); ++i) {
    std::int64_t step = 0;
    fits = fits && !__builtin_mul_overflow(layout.shape[i] - 1, layout.strides[i], &step) &&
           !__builtin_add_overflow(last, step, &last);
  }
  check(fits && last < elements,
        "{}: shape {} with strides {} at offset {} reaches past its storage of {} elements", where,
        shape_text(layout.shape), shape_text(layout.strides), layout.offset, elements);
}

/// The elements in order. source: the storage, `size` bytes an element.
std::vector<std::byte> in_order(const Layout& layout, const std::byte* source, std::size_t size) {
  std::vector<std::byte> result(static_cast<std::size_t>(layout.count) * size);
  std::vector<std::int64_t> place(layout.shape.size(), 0);
  std::int64_t from = layout.offset;
  for (std::byte* to = result.data(); to != result.data() + result.size(); to += size) {
    std::memcpy(to, source + static_cast<std::size_t>(from) * size, size);
    for (std::size_t i = place.size(); i-- > 0;) {
      from += layout.strides[i];
      if (++place[i] < layout.shape[i]) break;
      from -= layout.strides[i] * place[i];
      place[i] = 0;
    }
  }
  return result;
}

/// Makes views of the tensors of the dictionary that a pickle holds.
class TensorBuilder {
 public:
  TensorBuilder(const Pickle& pickle, const std::string& name, const FindTorchStorage& find_storage,
                std::shared_ptr<const void> owner, std::size_t most_copies)
      : values_(pickle, name),
        root_(pickle.root()),
        find_storage_(find_storage),
        owner_(std::move(owner)),
        copies_left_(most_copies) {}

  std::vector<TensorView> tensors() {
    check(root_.kind == Kind::dictionary, "{}: holds {}, expected a dictionary of tensors",
          values_.where(), describe(root_));
    std::vector<TensorView> result;
    for (std::size_t i = 0; i < root_.items.size(); i += 2) {
      const PickleValue& key = values_[root_.items[i]];
      check(key.kind == Kind::text, "{}: its dictionary has {} as a key, expected a text",
            values_.where(), describe(key));
      check_name(key.text);
      result.push_back(tensor(key.text, root_.items[i + 1]));
    }
    std::sort(result.begin(), result.end(),
              [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < result.size(); ++i) {
      check(result[i].name != result[i - 1].name, "{}: tensor {} is there twice", values_.where(),
            quote(result[i].name));
    }
    return result;
  }

 private:
  /// Names are shown and written as JSON.
  void check_name(std::string_view name) const {
    const auto plain = [](char c) { return static_cast<unsigned char>(c) - 0x20U < 0x5FU; };
    check(std::all_of(name.begin(), name.end(), plain),
          "{}: a tensor's name is {}, expected letters, digits and signs of ASCII", values_.where(),
          quote(name));
  }

  TensorView tensor(std::string_view name, Index index) {
    const TorchValues values = values_.of_tensor(name);
    const PickleValue* call = &values[index];
    if (call->kind == Kind::call && call->text == kRebuildParameter && call->items.size() == 3) {
      call = &values[call->items[0]];
    }
    const bool known =
        call->kind == Kind::call && ((call->text == kRebuildTensor && call->items.size() >= 6) ||
                                     (call->text == kRebuildOldTensor && call->items.size() == 4));
    check(known, "{}: is {}, expected a tensor", values.where(), describe(*call));
    const TorchStorage storage = values.storage(call->items[0]);
    Layout layout = read_layout(values, call->items[1], call->items[2], call->items[3]);
    check_inside(values.where(), layout, storage.view_elements.value_or(storage.elements));
    const std::string_view bytes = find_storage_(storage, values.where());
    return view(std::string(name), storage, std::move(layout), bytes, values.where());
  }

  TensorView view(std::string name, const TorchStorage& storage, Layout layout,
                  std::string_view bytes, const std::string& where) {
    const std::size_t element = size(storage.dtype);
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data()) +
                        static_cast<std::size_t>(storage.view_offset) * element;
    TensorView result{std::move(name), storage.dtype, layout.shape, nullptr, 0, owner_};
    result.bytes = static_cast<std::size_t>(layout.count) * element;
    if (layout.count == 0) return result;
    if (layout.contiguous()) {
      result.data = first + static_cast<std::size_t>(layout.offset) * element;
      return result;
    }
    check(static_cast<std::size_t>(layout.count) <= copies_left_ / element,
          "{}: shape {} with strides {} repeats more elements than the file has", where,
          shape_text(layout.shape), shape_text(layout.strides));
    copies_left_ -= result.bytes;
    auto copy = std::make_shared<const std::vector<std::byte>>(in_order(layout, first, element));
    result.data = copy->data();
    result.owner = std::move(copy);
    return result;
  }

  TorchValues values_;
  const PickleValue& root_;
  const FindTorchStorage& find_storage_;
  std::shared_ptr<const void> owner_;
  std::size_t copies_left_;
};

}  // namespace

std::span<const std::string_view> torch_globals() { return kGlobals; }

TorchValues TorchValues::of_tensor(std::string_view name) const {
  return {pickle_, fmt::format("{}: tensor {}", where_, quote(name))};
}

std::int64_t TorchValues::natural(Index index, std::string_view what) const {
  const PickleValue& value = pickle_[index];
  check(value.kind == Kind::integer, "{}: its {} is {}, expected a whole number", where_, what,
        describe(value));
  check(value.integer >= 0, "{}: its {} is {}, expected 0 or more", where_, what, value.integer);
  return value.integer;
}

std::string_view TorchValues::text(Index index, std::string_view what) const {
  const PickleValue& value = pickle_[index];
  check(value.kind == Kind::text, "{}: its {} is {}, expected a text", where_, what,
        describe(value));
  return value.text;
}

std::vector<std::int64_t> TorchValues::naturals(Index index, std::string_view what) const {
  const PickleValue* list = &pickle_[index];
  if (list->kind == Kind::call && list->text == kSize && list->items.size() == 1) {
    list = &pickle_[list->items[0]];
  }
  check(list->kind == Kind::tuple && list->items.size() <= kMostDimensions,
        "{}: its {} is {} of {}, expected at most {} whole numbers", where_, what, describe(*list),
        list->items.size(), kMostDimensions);
  std::vector<std::int64_t> result;
  for (const Index item : list->items) result.push_back(natural(item, what));
  return result;
}
TorchStorage TorchValues::storage(Index index) const {
  const PickleValue& value = pickle_[index];
  check(value.kind == Kind::persistent, "{}: it is built from {}, expected a storage", where_,
        describe(value));
  const PickleValue& tuple = pickle_[value.items[0]];
  check(tuple.kind == Kind::tuple && (tuple.items.size() == 5 || tuple.items.size() == 6) &&
            text(tuple.items[0], "kind of storage") == "storage",
        "{}: its storage is named by {}, expected (storage, type, key, device, elements)", where_,
        describe(tuple));
  const PickleValue& type = pickle_[tuple.items[1]];
  const auto known = std::find(kGlobals.begin() + kFirstStorage, kGlobals.end(), type.text);
  check(type.kind == Kind::global && known != kGlobals.end(),
        "{}: the type of its storage is {}, expected torch.FloatStorage or the like", where_,
        describe(type));
  TorchStorage found;
  found.dtype = kAllDTypes[static_cast<std::size_t>(known - kGlobals.begin()) - kFirstStorage];
  found.key = text(tuple.items[2], "storage's key");
  found.elements = natural(tuple.items[4], "storage's number of elements");
  if (tuple.items.size() == 6 && pickle_[tuple.items[5]].kind != Kind::none) {
    const PickleValue& view = pickle_[tuple.items[5]];
    check(view.kind == Kind::tuple && view.items.size() == 3, "{}: its storage's view is {}",
          where_, describe(view));
    found.view_offset = natural(view.items[1], "view's offset");
    found.view_elements = natural(view.items[2], "view's number of elements");
  }
  return found;
}

std::size_t byte_count(const TorchStorage& storage, const std::string& where) {
  std::int64_t end = 0;
  const bool inside =
      !__builtin_add_overflow(storage.view_offset, storage.view_elements.value_or(0), &end) &&
      end <= storage.elements;
  check(inside, "{}: its view at {} reaches past its storage of {} elements", where,
        storage.view_offset, storage.elements);
  std::size_t bytes = 0;
  check(!__builtin_mul_overflow(static_cast<std::size_t>(storage.elements), size(storage.dtype),
                                &bytes),
        "{}: its storage of {} elements is too large", where, storage.elements);
  return bytes;
}

std::vector<TensorView> build_tensors(const Pickle& pickle, const std::string& name,
                                      const FindTorchStorage& find_storage,
                                      const std::shared_ptr<const void>& owner,
                                      std::size_t most_copies) {
  return TensorBuilder(pickle, name, find_storage, owner, most_copies).tensors();
}

}  // namespace pellucid
