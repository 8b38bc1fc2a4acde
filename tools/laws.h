// The table of the standard library's laws: docs/laws.md.
#pragma once

#include <functional>
#include <string>

#include <catenary/stdlib/catalogue.h>
#include <catenary/verify/report.h>

namespace catenary {

/// As Markdown: what each space and process is, whether it is exact, what a draw of it costs on one thread of this
/// machine, and the verdict of `verify`, which is called for each in turn.
std::string table_of_laws(const std::function<Report(const CatalogueEntry&)>& verify);

}  // namespace catenary
