# SPDX-License-Identifier: Apache-2.0
# Text files as strings of the library: embed_texts(TARGET FILE...) gives each FILE (a/b/page.css) a constant
# pellucid::assets::page_css, declared in pellucid/report/page_assets.h of the build tree. Comments and indentation stay in the source:
# whole-line // comments, /* */ comments and leading blanks are dropped, so those files must not rely on them.
# Run as a script (cmake -DINPUT=.. -DNAME=.. -DOUTPUT=.. -P embed.cmake) it writes one string.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" text)
  string(REGEX REPLACE "/\\*[^*]*\\*+([^/*][^*]*\\*+)*/" "" text "${text}")
  string(REGEX REPLACE "\n[ \t]+" "\n" text "\n${text}")
  string(REGEX REPLACE "\n//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "\n\n+" "\n" text "${text}")
  string(STRIP "${text}" text)
  file(WRITE "${OUTPUT}" "#include \"pellucid/report/page_assets.h\"\nnamespace pellucid::assets {\n"
                         "const std::string_view ${NAME} = R\"asset(${text})asset\";\n}\n")
  return()
endif()

set(embed_script ${CMAKE_CURRENT_LIST_FILE})
function(embed_texts target)
  set(folder ${PROJECT_BINARY_DIR}/assets)
  set(declarations "")
  foreach(input IN LISTS ARGN)
    cmake_path(GET input FILENAME name)
    string(MAKE_C_IDENTIFIER ${name} name)
    add_custom_command(
      OUTPUT ${folder}/${name}.cpp
      COMMAND ${CMAKE_COMMAND} -DINPUT=${PROJECT_SOURCE_DIR}/${input} -DNAME=${name}
              -DOUTPUT=${folder}/${name}.cpp -P ${embed_script}
      DEPENDS ${PROJECT_SOURCE_DIR}/${input} ${embed_script}
      VERBATIM)
    target_sources(${target} PRIVATE ${folder}/${name}.cpp)
    string(APPEND declarations "extern const std::string_view ${name};\n")
  endforeach()
  file(CONFIGURE OUTPUT ${folder}/pellucid/report/page_assets.h CONTENT
       "#pragma once\n#include <string_view>\nnamespace pellucid::assets {\n${declarations}}\n" @ONLY)
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
