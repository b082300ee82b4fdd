"""Lists of subscriptions (OPML 2.0), as other podcast programs write and read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lxml import etree

from memex.errors import InvalidRequest
from memex.urls import key_of, subscription_url

MAX_BYTES: Final = 16 << 20
MAX_SUBSCRIPTIONS: Final = 10_000
MAX_TITLE: Final = 300
"""Characters."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed that somebody follows."""

    url: str
    title: str
    """Empty where the list has none."""


def read_opml(data: bytes) -> tuple[Subscription, ...]:
    """The feeds of a list in its order, folders opened, each once. What is no
    address to be asked is left out.

    Raises `InvalidRequest` for what is no OPML, or too much.
    """
    if len(data) > MAX_BYTES:
        raise InvalidRequest(
            f"The list of subscriptions has more than {MAX_BYTES >> 20} MiB.", "Split it."
        )
    root = _parsed(data)
    if root is None or _name(root) != "opml":
        raise InvalidRequest(
            "This is no list of subscriptions: it is not OPML.",
            "Export the subscriptions from the other program as OPML.",
        )
    found: dict[str, Subscription] = {}
    for each in _subscriptions(root):
        found.setdefault(key_of(each.url), each)
    return tuple(islice(found.values(), MAX_SUBSCRIPTIONS))


def write_opml(subscriptions: Iterable[Subscription], title: str = "Memex") -> bytes:
    """A list that `read_opml` and other programs read, as UTF-8."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _label(title)
    body = etree.SubElement(root, "body")
    for each in subscriptions:
        name = _label(each.title) or each.url
        etree.SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=each.url)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _parsed(data: bytes) -> etree._Element | None:
    """The tree, slips forgiven, nothing fetched. Entities of the list's own are refused."""
    if b"<!ENTITY" in data:
        raise InvalidRequest(
            "This list of subscriptions defines entities, which are not read.",
            "Export the subscriptions again from the other program as OPML.",
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, recover=True,
    )  # fmt: skip
    try:
        root: etree._Element | None = etree.fromstring(data.lstrip(), parser)
    except etree.XMLSyntaxError:
        return None
    return root


def _subscriptions(root: etree._Element) -> Iterator[Subscription]:
    for element in root.iter(etree.Element):
        if _name(element) != "outline":
            continue
        attributes = {str(name).lower(): str(value) for name, value in element.items()}
        address = attributes.get("xmlurl") or attributes.get("url") or ""
        title = _label(attributes.get("title") or attributes.get("text") or "")
        if not address.strip():
            continue
        try:
            url = subscription_url(address)
        except InvalidRequest:
            continue
        yield Subscription(url, "" if title == url else title)


def _name(element: etree._Element) -> str:
    """An element's name in lower case, without its namespace or prefix."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _label(text: str) -> str:
    """One printable line of bounded length."""
    line = "".join(char for char in " ".join(text.split()) if char.isprintable())
    return line[:MAX_TITLE]
