"""A side note stands beside the paragraph that it is a note to."""

from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor

NOTE = {"admonition", "side"}


class SideNotes(Treeprocessor):
    """Bind a note, ``!!! side ""``, to the paragraph before it.

    In the margin of a wide page a note begins where its box begins, so it comes first in the box;
    on a narrow page a style puts it after the paragraph, where it stands in the source.
    """

    def run(self, root: Element) -> None:
        """Put paragraph and note into a box, wherever one follows the other."""
        for note in root.iter("div"):
            if _is_note(note):
                note.set("role", "note")
                note.set("aria-label", "Side note")
        for parent in list(root.iter()):
            for at in range(len(parent) - 1, 0, -1):
                note, paragraph = parent[at], parent[at - 1]
                if paragraph.tag == "p" and _is_note(note):
                    box = Element("div", {"class": "noted"})
                    box.extend([note, paragraph])
                    box.tail = note.tail
                    note.tail = paragraph.tail = None
                    parent[at - 1 : at + 1] = [box]


def _is_note(element: Element) -> bool:
    return set(element.get("class", "").split()) >= NOTE
