// SPDX-License-Identifier: Apache-2.0
// The entries of a zip file, found through its central directory (PKWARE APPNOTE 4.3 and 4.5, zip64
// too) and given as they lie in the file. Entries that are compressed or encrypted are refused: a
// checkpoint stores its entries as they are.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace pellucid {

class ZipDirectory {
 public:
  /// Reads and checks the whole directory: entries lie inside `file` and do not overlap, no name
  /// is there twice. `name` opens the messages; `file` must outlive the directory.
  ZipDirectory(std::string_view file, const std::string& name);

  bool contains(std::string_view entry) const { return entries_.find(entry) != entries_.end(); }
  /// The bytes of an entry. Throws Error if it is not there, compressed or encrypted.
  std::string_view at(std::string_view entry) const;
  /// The name of the one entry FOLDER/`file`; "" if there is none. Throws Error if there are more.
  std::string_view in_top_folder(std::string_view file) const;

 private:
  struct Entry {
    std::string_view bytes;  // of a stored entry
    unsigned method = 0;     // 0: stored
    bool encrypted = false;
  };
  std::string name_;
  std::map<std::string_view, Entry> entries_;
};

}  // namespace pellucid
