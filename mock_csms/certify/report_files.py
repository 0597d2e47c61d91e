"""The files of a report: JSON after each case, HTML and JUnit XML at the end."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mock_csms.certify.reports.html import html_of
from mock_csms.certify.reports.junit import junit_of
from mock_csms.certify.run_report import RunReport
from mock_csms.errors import UsageError


@dataclass
class ReportFiles:
    """The files of a report. A file that cannot be written, as on a full disk, does not end the run."""

    json: Path | None
    html: Path | None
    junit: Path | None
    failed: set[Path] = field(default_factory=set)
    """Files whose latest write has failed."""

    @property
    def paths(self) -> list[Path]:
        """The files that are asked for."""
        return [path for path in (self.json, self.html, self.junit) if path]

    @property
    def written(self) -> list[Path]:
        """The files whose latest write has not failed; valid after `write_all`."""
        return [path for path in self.paths if path not in self.failed]

    def check(self) -> None:
        """Check that the files are different ones and can be written; raises UsageError."""
        paths = self.paths
        for path in paths:
            if paths.count(path) > 1:
                raise UsageError(f"{path} is given for two reports; give each a file of its own")
            try:
                _try_to_write(path)
            except OSError as error:
                raise UsageError(f"cannot write {path}: {error.strerror}; give another file") from None

    def write_json(self, report: RunReport) -> None:
        """Write the report as JSON, if asked for."""
        if self.json:
            self._write(self.json, lambda path: write_report(report, path))

    def write_all(self, report: RunReport) -> None:
        """Write the report in all forms that are asked for."""
        self.write_json(report)
        if self.html:
            self._write(self.html, lambda path: path.write_text(html_of(report), encoding="utf-8"))
        if self.junit:
            self._write(self.junit, lambda path: path.write_bytes(junit_of(report)))

    def _write(self, path: Path, write: Callable[[Path], object]) -> None:
        try:
            write(path)
        except OSError as error:
            if path not in self.failed:
                sys.stderr.write(f"cannot write {path}: {error.strerror}; the run goes on\n")
            self.failed.add(path)
        else:
            self.failed.discard(path)


def write_report(report: RunReport, path: Path) -> None:
    """Write a report as JSON through a temporary file beside it, so that an abort leaves a complete file."""
    if path.exists() and not path.is_file():  # a pipe or device must not be replaced by a file
        path.write_text(report.as_json(), encoding="utf-8")
        return
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(report.as_json(), encoding="utf-8")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _try_to_write(path: Path) -> None:
    """Open a file for writing without changing it; raises OSError."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # opening a pipe would wait for its reader
        return
    is_new = not path.exists()
    path.open("ab").close()
    if is_new:
        path.unlink()
