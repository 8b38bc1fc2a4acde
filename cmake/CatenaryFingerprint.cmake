# cmake -DFILES=a;b -DOUTPUT=header -P: a digest of what the files say, for what must change with them.
set(all "")
foreach(file IN LISTS FILES)
  file(SHA256 ${file} digest)
  string(APPEND all "${digest}")
endforeach()
string(SHA256 digest "${all}")
file(WRITE ${OUTPUT} "// Of all sources that code depends on.\n#pragma once\n\nnamespace catenary {\n
inline constexpr char compiler_fingerprint[] = \"${digest}\";\n
}  // namespace catenary\n")
