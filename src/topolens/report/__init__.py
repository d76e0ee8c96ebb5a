"""A study as sentences, charts and one self-contained page."""

from topolens.report.figures import write_figures
from topolens.report.findings import Finding, FindingTable, collect_findings
from topolens.report.heatmaps import plot_distances
from topolens.report.page import write_report
from topolens.report.plots import plot_barcode, plot_diagram, plot_profiles

__all__ = [
    "Finding",
    "FindingTable",
    "collect_findings",
    "plot_barcode",
    "plot_diagram",
    "plot_distances",
    "plot_profiles",
    "write_figures",
    "write_report",
]
