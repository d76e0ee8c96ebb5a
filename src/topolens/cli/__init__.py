"""The `topolens` command; one file per verb."""
