#include <nanobind/nanobind.h>

namespace topolens::bindings {

void bind_distances(nanobind::module_& m);
void bind_landscape(nanobind::module_& m);
void bind_mapper(nanobind::module_& m);
void bind_matching(nanobind::module_& m);
void bind_nearest(nanobind::module_& m);
void bind_prim(nanobind::module_& m);
void bind_rips(nanobind::module_& m);
void bind_sliced(nanobind::module_& m);

}  // namespace topolens::bindings

NB_MODULE(_core, m) {
    m.doc() = "Compiled kernels of TopoLens. Call them through topolens.kernels.";
    topolens::bindings::bind_distances(m);
    topolens::bindings::bind_landscape(m);
    topolens::bindings::bind_mapper(m);
    topolens::bindings::bind_matching(m);
    topolens::bindings::bind_nearest(m);
    topolens::bindings::bind_prim(m);
    topolens::bindings::bind_rips(m);
    topolens::bindings::bind_sliced(m);
}
