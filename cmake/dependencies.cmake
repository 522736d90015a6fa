# SPDX-License-Identifier: Apache-2.0
# All libraries come from the distribution's packages; script/setup installs them. Whoever links the static library
# needs the same ones: keep pellucidConfig.cmake.in equal.
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(DNNL REQUIRED)
find_package(Highway REQUIRED)
# Built against its headers and opened at run time (pellucid/io/http.cpp), so users need not link it.
find_package(CURL REQUIRED)
find_package(PCRE2 REQUIRED)
