"""Hooks of MkDocs: pages from outside docs/, and links that work both on GitHub and on the site."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "bench/README.md": "benchmark.md",
}
"""Pages of the site that are files outside docs/, by their path in the repository."""

LANGUAGES: Final = {".py": "python", ".sh": "sh", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)((?:#[^)\s]*)?)(?=\))")
FENCED: Final = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside docs/, and a page for each file of the repository that a page links to."""
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    sources = {source for page in list(files.documentation_pages()) for source in linked_sources(page)}
    for source in sorted(sources):
        files.append(File.generated(config, site_uri(source), content=source_page(source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the Markdown of a page, with links to the pages of the site instead of the repository."""
    if page.file.abs_src_path is None:
        return markdown
    folder = repository_path(page.file).parent
    start = PurePosixPath(page.file.src_uri).parent

    def to_site(link: re.Match[str]) -> str:
        return relpath(site_uri(target(folder, link[1])), start) + link[2]

    parts = FENCED.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(to_site, part) for part in parts)


def linked_sources(file: File) -> Iterator[str]:
    """Paths of the files that a page links to and that are not pages themselves."""
    folder = repository_path(file).parent
    for path, _ in LINK.findall(FENCED.sub("", file.content_string)):
        linked = target(folder, path)
        if site_uri(linked).startswith("source/"):
            yield linked


def repository_path(file: File) -> PurePosixPath:
    assert file.abs_src_path
    return PurePosixPath(Path(file.abs_src_path).relative_to(ROOT).as_posix())


def target(folder: PurePosixPath, link: str) -> str:
    """Path in the repository that a link leads to from a page in a folder of the repository."""
    return normpath(f"{folder}/{link}")


def site_uri(path: str) -> str:
    """Source URI in MkDocs of an image in docs/, or of the page for any other file of the repository."""
    if path in PAGES:
        return PAGES[path]
    is_of_docs = path.startswith("docs/") and path.endswith((".md", ".png"))
    # MkDocs leaves out files below a folder whose name begins with a dot.
    return path.removeprefix("docs/") if is_of_docs else f"source/{path.removeprefix('.')}.md"


def source_page(path: str) -> str:
    language = LANGUAGES.get(PurePosixPath(path).suffix, "text")
    content = (ROOT / path).read_text(encoding="utf-8")
    return f"# `{path}`\n\n````{language}\n{content.rstrip()}\n````\n"
