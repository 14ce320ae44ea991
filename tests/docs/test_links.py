"""Every link in the documentation leads somewhere, and every page can be reached."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), *ROOT.glob("deploy/**/*.md"), *ROOT.glob("web/*.md")])
LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links, without those inside code."""
    return LINK.findall(FENCE.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings as links write them."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path, link: str) -> bool:
    """Return whether a link inside the repository leads nowhere."""
    if re.match(r"[a-z]+:", link):
        return False
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return not target.exists() or bool(anchor and target.suffix == ".md" and anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """To a file, a folder or a heading that is there."""
    assert [link for link in links(page) if broken(page, link)] == []


def test_every_page_can_be_reached() -> None:
    """From README or the index, by links or by a link to its folder."""
    reached: set[Path] = set()
    waiting = [page for page in (ROOT / "README.md", ROOT / "docs" / "index.md") if page.exists()]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in links(page) if not re.match(r"[a-z]+:", link)}
        found = {path for target in targets for path in ([*target.glob("*.md")] if target.is_dir() else [target]) if path.suffix == ".md"}
        waiting += [path for path in found if path.exists() and path not in reached and path not in waiting]

    assert [str(page.relative_to(ROOT)) for page in ROOT.glob("docs/**/*.md") if page not in reached] == []
