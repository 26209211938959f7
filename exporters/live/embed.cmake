# Puts the page's files together into one document without any reference to another, and writes it as C++:
#   cmake -DPAGE=… -DCHARTS=… -DCHARTS_STYLE=… -DCHARTS_LICENCE=… -DOUT=… -P embed.cmake
# Its scripts and its style stand inline; the Content-Security-Policy allows these by their hashes, and nothing else.

# The base64 of a SHA-256, of which CMake has the hexadecimal digits only.
function(base64_sha256 text result)
  set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  string(SHA256 hex "${text}")
  set(encoded "")
  foreach(at RANGE 0 63 6) # three bytes are four digits; the 32 bytes end one short of that
    string(SUBSTRING "${hex}0000" ${at} 6 triple)
    foreach(shift 18 12 6 0)
      math(EXPR digit "(0x${triple} >> ${shift}) & 63")
      string(SUBSTRING "${alphabet}" ${digit} 1 character)
      string(APPEND encoded "${character}")
    endforeach()
  endforeach()
  string(SUBSTRING "${encoded}" 0 43 encoded)
  set(${result} "${encoded}=" PARENT_SCOPE)
endfunction()

file(READ ${PAGE}/page.html document)
file(READ ${PAGE}/page.css style)
file(READ ${CHARTS_STYLE} charts_style)
set(style "${charts_style}${style}")
file(READ ${CHARTS} charts)
file(READ ${CHARTS_LICENCE} licence)
set(script "")
foreach(name series heat_map log_view requests page)
  file(READ ${PAGE}/${name}.js part)
  string(APPEND script "${part}")
endforeach()
set(script "\"use strict\";\n(() => {\n${script}})();\n")

foreach(part charts script style)
  if(${part} MATCHES "</(script|style)")
    message(FATAL_ERROR "embed: the ${part} of the page would end its own element")
  endif()
endforeach()
string(REPLACE "&" "&amp;" licence "${licence}")
string(REPLACE "<" "&lt;" licence "${licence}")

base64_sha256("${charts}" charts_hash)
base64_sha256("${script}" script_hash)
base64_sha256("${style}" style_hash)
string(CONCAT policy "default-src 'none'; script-src 'sha256-${charts_hash}' 'sha256-${script_hash}'; "
  "style-src 'sha256-${style_hash}'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
  "frame-ancestors 'none'")

foreach(part charts script style licence)
  string(REPLACE "@${part}@" "${${part}}" document "${document}")
endforeach()

# Compilers limit the length of one literal, and join those that follow one another.
string(LENGTH "${document}" length)
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${document}" ${at} 8000 piece)
  string(APPEND literals "R\"weir_page(${piece})weir_page\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUT} "// Made by embed.cmake.
#include \"document.hpp\"

#include <string_view>

namespace weir::detail {

using namespace std::string_view_literals;

const std::string_view live_document = ${literals}\"\"sv;
const std::string_view live_document_policy =
    R\"(${policy})\"sv;

} // namespace weir::detail
")
