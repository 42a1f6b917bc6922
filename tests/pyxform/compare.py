"""Holds our XForms against those that pyxform makes of our workbooks.

    python3 compare.py FOLDER

In the folder lie pairs NAME.xlsx and NAME.xml: a workbook that we wrote, and our XForm of the same definition. pyxform
converts each workbook, and the two XForms must have the same instance, binds, actions, lists, controls and words in
every language. Spaces that mean nothing and straight for curly quotes are no difference. Ends with 1 and the first
differences of each form where they differ, or where pyxform refuses a workbook.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from pyxform.xls2xform import convert

SHOWN = 12
PREFIXES = {
    "http://www.w3.org/2002/xforms": "",
    "http://www.w3.org/1999/xhtml": "h:",
    "http://www.w3.org/2001/xml-events": "ev:",
    "http://openrosa.org/javarosa": "jr:",
    "http://openrosa.org/xforms": "orx:",
    "http://www.opendatakit.org/xforms": "odk:",
    "http://www.opendatakit.org/xforms/entities": "entities:",
}
STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})
# Names that are made of the number of a row, which only a workbook has.
NUMBERED = re.compile(r"(generated_table_list_label|reserved_name_for_field_list_labels|generated_note_name)_\d+")
ACTIONS = {"setvalue", "odk:setgeopoint", "odk:recordaudio"}


def name(tag):
    """The name of an element or attribute with its usual prefix."""
    if not tag.startswith("{"):
        return NUMBERED.sub(r"\1", tag)
    space, local = tag[1:].split("}")
    return PREFIXES.get(space, space + ":") + NUMBERED.sub(r"\1", local)


def expression(text):
    """An expression without spaces that mean nothing."""
    text = NUMBERED.sub(r"\1", text.translate(STRAIGHT))
    parts = re.split(r"""('[^']*'|"[^"]*")""", text)
    for number in range(0, len(parts), 2):
        parts[number] = re.sub(r"\s*([^\w\s.])\s*", r"\1", re.sub(r"\s+", " ", parts[number]))
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def words(node):
    """What stands in a label or value, with its outputs."""
    text = node.text or ""
    for output in node:
        text += "{" + expression(output.get("value", "")) + "}" + (output.tail or "")
    text = re.sub(r"\s*(\{[^}]*\})\s*", r"\1", text.translate(STRAIGHT))
    return re.sub(r" +", " ", text).strip()


def plain(text):
    """Text with straight quotes and one space between words."""
    return re.sub(r" +", " ", (text or "").translate(STRAIGHT)).strip()


class Form:
    """An XForm as what it means."""

    def __init__(self, text):
        html = ElementTree.fromstring(text)
        head, body = html[0], html[1]
        model = next(child for child in head if name(child.tag) == "model")
        self.languages = {}
        for itext in (child for child in model if name(child.tag) == "itext"):
            for translation in itext:
                texts = {
                    entry.get("id"): {value.get("form", ""): words(value) for value in entry} for entry in translation
                }
                self.languages[translation.get("lang")] = texts
        instances = [child for child in model if name(child.tag) == "instance"]
        self.parts = {
            "title": plain(head[0].text),
            "languages": {
                translation.get("lang"): translation.get("default")
                for itext in model
                if name(itext.tag) == "itext"
                for translation in itext
            },
            "body": [self.control(control) for control in body],
            "style": body.get("class"),
            "submission": [self.attributes(child) for child in model if name(child.tag) == "submission"],
            "instance": self.node(instances[0][0]),
            "lists": {instance.get("id"): self.items(instance) for instance in instances[1:]},
            "binds": {
                expression(bind.get("nodeset")): self.attributes(bind) for bind in model if name(bind.tag) == "bind"
            },
            "actions": sorted(str(self.attributes(child)) for child in model if name(child.tag) in ACTIONS),
        }

    def said(self, reference):
        """The words of an itext id in every language."""
        return {language: texts.get(reference, {}) for language, texts in self.languages.items()}

    def text(self, node):
        """What a label says in every language."""
        reference = re.match(r"jr:itext\('(.*)'\)$", node.get("ref", ""))
        if reference:
            return self.said(reference[1])
        if node.get("ref"):
            return expression(node.get("ref"))
        return {language: {"": words(node)} for language in self.languages or [""]} if words(node) else {}

    def attributes(self, node):
        read = {}
        for key, value in node.attrib.items():
            reference = re.match(r"jr:itext\('(.*)'\)$", value)
            plain = name(key) in ("jr:constraintMsg", "jr:requiredMsg", "jr:noAppErrorString")
            if reference:
                read[name(key)] = self.said(reference[1])
            elif plain:
                read[name(key)] = {language: {"": value.translate(STRAIGHT)} for language in self.languages or [""]}
            else:
                read[name(key)] = expression(value)
        return {"": name(node.tag)} | dict(sorted(read.items()))

    def node(self, node):
        children = [self.node(child) for child in node]
        return (self.attributes(node), (node.text or "").strip() if not children else "", children)

    def items(self, instance):
        if instance.get("src"):
            return instance.get("src")
        items = []
        for item in instance[0]:
            # A column that is empty for one choice is no node in one form and an empty one in the other.
            read = {name(child.tag): plain(child.text) for child in item if plain(child.text)}
            label = read.pop("label", None)
            if label is not None:
                read["words"] = {language: {"": label} for language in self.languages or [""]}
            if "itextId" in read:
                read["words"] = self.said(read.pop("itextId"))
            items.append(dict(sorted(read.items())))
        return items

    def control(self, node):
        tag = name(node.tag)
        if tag in ("label", "hint"):
            return (tag, self.text(node))
        read = self.attributes(node)
        if tag == "itemset":
            # How the words of a list are found is told by whether it is translated.
            return (read, [self.control(child)[0:1] for child in node if name(child.tag) == "value"])
        controls = [self.control(child) for child in node if name(child.tag) not in ACTIONS]
        # Actions of one event may come in any order.
        actions = sorted(str(self.attributes(child)) for child in node if name(child.tag) in ACTIONS)
        return (read, (node.text or "").strip(), controls, actions)


def differences(ours, theirs, at=""):
    """Where two parts differ."""
    if ours == theirs:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in list(ours) + [key for key in theirs if key not in ours]:
            yield from differences(ours.get(key), theirs.get(key), f"{at}/{key}")
    elif isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(one, other, f"{at}[{number}]")
    else:
        yield f"{at}:\n    ours    {str(ours)[:400]}\n    pyxform {str(theirs)[:400]}"


def main():
    folder = Path(sys.argv[1])
    failed = 0
    workbooks = sorted(folder.glob("*.xlsx"))
    for workbook in workbooks:
        try:
            theirs = Form(convert(str(workbook), form_name="data").xform)
        except Exception as error:  # whatever it refuses a workbook with
            print(f"{workbook.stem}: pyxform refuses it: {error}")
            failed += 1
            continue
        ours = Form(workbook.with_suffix(".xml").read_text(encoding="utf-8"))
        found = list(differences(ours.parts, theirs.parts))
        if found:
            failed += 1
            print(f"{workbook.stem}: {len(found)} differences")
            print("\n".join(found[:SHOWN]))
    print(f"{len(workbooks) - failed} of {len(workbooks)} forms mean the same")
    sys.exit(1 if failed or not workbooks else 0)


if __name__ == "__main__":
    main()
