#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens report pages in headless Chromium and checks what a reader would see.

usage: check_pages.py FOLDER [--screenshots FOLDER]
FOLDER holds pages NAME.html, each beside the explanations it was made from, NAME.jsonl. Checked at 400, 900 and 1,400
pixels, light and dark, with and without scripts: no console message, no dialog, no sideways scrolling, texts equal to
the input, scores equal to the JSON; then the controls. Exit code 77 (skipped) when there is no Chromium.
Python's standard library only: the browser is driven over the pipe of its debugging protocol.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (400, 900, 1400)


class Browser:
    """One tab, driven over --remote-debugging-pipe (messages end with NUL)."""

    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser_read, self.write_end = os.pipe()
        self.read_end, from_browser_write = os.pipe()
        # The protocol wants its pipe at 3 (in) and 4 (out); the shell puts it there.
        command = f'exec "$0" "$@" 3<&{to_browser_read} 4>&{from_browser_write}'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", command, program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}", "about:blank"],
            pass_fds=(to_browser_read, from_browser_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser_read)
        os.close(from_browser_write)
        self.pending = b""
        self.next_id = 0
        self.events = []
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def receive(self):
        while b"\0" not in self.pending:
            block = os.read(self.read_end, 1 << 20)
            if not block:
                raise RuntimeError("the browser has ended")
            self.pending += block
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.next_id += 1
        message = {"id": self.next_id, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        self.events.append(event)
        if event["method"] == "Page.javascriptDialogOpening":
            self.next_id += 1  # closes the dialog; its answer is skipped like an event
            os.write(self.write_end, json.dumps({"id": self.next_id, "sessionId": self.session, "method": "Page.handleJavaScriptDialog",
                                                 "params": {"accept": True}}).encode() + b"\0")

    def note_or_skip(self):
        answer = self.receive()
        if "method" in answer:
            self.note(answer)

    def open(self, url, width, height, theme, scripts):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.note_or_skip()
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.note_or_skip()

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(expression + ": " + json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode={"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Escape": 27}.get(key, 0))

    def complaints(self):
        """Console messages, exceptions and dialogs since the page was opened."""
        self.evaluate("0")
        bad = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"}
        return [json.dumps(e["params"])[:300] for e in self.events if e.get("method") in bad]

    def screenshot(self, path):
        height = self.evaluate("document.documentElement.scrollHeight")
        image = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip={
            "x": 0, "y": 0, "width": self.evaluate("innerWidth"), "height": min(height, 8000), "scale": 1})
        path.write_bytes(base64.b64decode(image["data"]))

    def close(self):
        os.close(self.write_end)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.read_end)
        self.profile.cleanup()


def shown(text):
    """What the page shows for a text: CR LF as LF, controls as \\x07."""
    text = text.replace("\r\n", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda m: f"\\x{ord(m.group()):02x}", text)


def level_class(score, largest, signed):
    if score is None or not largest:
        return {"u"}
    level = int(20 * min(1, abs(score) / largest) + 0.5)
    if level == 0:
        return {"u"}
    side = "n" if signed and score < 0 else "p"
    return {"u", f"{side}{level}"} | ({"s" + side} if abs(score) >= 0.25 * largest else set())


class Checks:
    def __init__(self):
        self.count = 0
        self.failures = []

    def __call__(self, condition, message):
        self.count += 1
        if not condition:
            self.failures.append(message)
            print("FAILED", message, file=sys.stderr)


PANELS = """[...document.querySelectorAll('.case')].map(section => ({
  panels: [...section.querySelectorAll('.panel')].map(panel => ({
    shown: getComputedStyle(panel).display !== 'none',
    texts: [...panel.querySelectorAll('.text')].map(p => p.textContent),
    units: [...panel.querySelectorAll('.u')].map(u => [+u.dataset.i, u.className, u.title]),
    rows: [...panel.querySelectorAll('.words tbody tr')].map(r => [+r.dataset.i, r.cells[2].textContent])
  })), data: JSON.parse(section.querySelector('script').textContent)}))"""


def check_content(check, name, sections, explanations, scripts):
    check(len(sections) == len(explanations), f"{name}: {len(sections)} sections for {len(explanations)} explanations")
    for section, explanation in zip(sections, explanations):
        check(sum(p["shown"] for p in section["panels"]) == 1, f"{name}: exactly one panel is shown")
        inputs = [shown(t) for t in (explanation["text"], explanation["pair"]) if t is not None]
        targets = explanation["targets"]
        if len(targets) > 8:
            continue
        for panel, target, data in zip(section["panels"], targets, section["data"]["targets"]):
            check(panel["texts"] == inputs, f"{name}: the text of {target['label'][:20]!r} differs from the input")
            known = [s for s in target["scores"] if s is not None]
            largest = max(map(abs, known), default=0)
            signed = target.get("signed", True)
            check({u[0] for u in panel["units"]} == set(range(len(target["scores"]))), f"{name}: a unit is missing")
            for index, classes, title in panel["units"]:
                score = target["scores"][index]
                found = set(classes.split()) - {"unseen"}
                check(found == level_class(score, largest, signed), f"{name}: unit {index} has {classes!r} for {score}")
                if not scripts and score is not None and title != "not seen":
                    printed = float(title.replace("\u2212", "-"))
                    check(abs(printed - score) <= 0.006 * largest, f"{name}: {title} is not {score}")
            for given, stored in zip(target["scores"], data["scores"]):
                check(given == stored or (given is not None and abs(given - stored) <= 6e-5 * abs(given)),
                      f"{name}: data holds {stored} for {given}")
            wanted = min(len(known), 5 if len(explanations) > 1 else 10)
            check(len(panel["rows"]) == wanted, f"{name}: {len(panel['rows'])} strongest units, expected {wanted}")
            for index, printed in panel["rows"]:
                value = float(printed.replace("\u2212", "-"))
                check(abs(value - target["scores"][index]) <= 0.006 * largest, f"{name}: table shows {printed}")


def check_controls(check, browser, name, explanations):
    browser.evaluate("[...document.querySelectorAll('.text .u')].find(u => u.getClientRects().length).focus()")
    check(browser.evaluate("document.getElementById('tip').style.opacity") == "1", f"{name}: focus shows the tooltip")
    check("rank" in browser.evaluate("document.getElementById('tip').textContent"), f"{name}: the tooltip tells the rank")
    if sum(unit["segment"] == 0 for unit in explanations[0]["units"]) > 1:
        browser.key("ArrowRight" if browser.evaluate("getComputedStyle(document.activeElement).direction") == "ltr" else "ArrowLeft")
        check(browser.evaluate("document.activeElement.dataset.i") == "1", f"{name}: an arrow goes to the next unit")
    browser.key("Escape")
    check(browser.evaluate("document.getElementById('tip').style.opacity") == "0", f"{name}: Escape hides the tooltip")
    before = browser.evaluate("document.querySelector('.text').textContent")
    copied = browser.evaluate("getSelection().selectAllChildren(document.querySelector('.panel .text')), getSelection().toString()")
    if len(explanations[0]["targets"]) == 1:
        plain = re.sub(r"\s+", " ", before).strip()
        check(re.sub(r"\s+", " ", copied).strip() == plain, f"{name}: copying gives the text alone")
    for value in ("max", "sum", "none", "all", "target", "token", "sentence", "own"):
        browser.evaluate(f"document.querySelectorAll('.tools input[value={value}]').forEach(i => i.click())")
        check(browser.evaluate("document.querySelector('.text').textContent") == before, f"{name}: {value} changes the text")
    check_content(check, name + " after switching back", browser.evaluate(PANELS), explanations, True)
    tabs = browser.evaluate("document.querySelectorAll('.case:first-of-type .tabs input').length")
    if tabs:
        browser.evaluate("document.querySelector('.tabs input:not(:checked)').click()")
        check(browser.evaluate("getComputedStyle(document.querySelector('.q' + document.querySelector('.tabs :checked').className.slice(1))).display") == "block", f"{name}: a tab shows its panel")
        check("#target=" in browser.evaluate("location.hash"), f"{name}: the choice is in the link")
    if len(explanations) > 1:
        browser.evaluate("document.querySelector('th[data-sort=number] button').click()")
        browser.evaluate("document.querySelector('th.r[data-sort=number] button').click()")
        values = browser.evaluate("[...document.querySelectorAll('.index td.r')].map(c => +c.dataset.v)")
        check(values == sorted(values, reverse=True), f"{name}: a click on a header sorts")
        browser.evaluate("(s => { s.value = 'frightening'; s.dispatchEvent(new Event('input')) })(document.querySelector('input[type=search]'))")
        check(browser.evaluate("[...document.querySelectorAll('.case')].filter(c => !c.hidden).length") == 1, f"{name}: the filter works")


def check_page(check, browser, page, explanations, screenshots):
    name = page.stem
    for theme in ("light", "dark"):
        for width in WIDTHS:
            for scripts in (True, False):
                what = f"{name} {width} {theme}{'' if scripts else ' without scripts'}"
                browser.open(page.as_uri(), width, 900, theme, scripts)
                wide = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]")
                check(wide[0] <= wide[1], f"{what}: scrolls sideways ({wide[0]} > {wide[1]})")
                check_content(check, what, browser.evaluate(PANELS), explanations, scripts)
                if screenshots:
                    browser.screenshot(screenshots / f"{name}-{width}-{theme}{'' if scripts else '-noscript'}.png")
                if scripts and theme == "light":
                    check_controls(check, browser, what, explanations)
                for complaint in browser.complaints():
                    check(False, f"{what}: {complaint}")
    if screenshots:
        browser.open(page.as_uri(), 900, 900, "dark", True)
        pdf = browser.call("Page.printToPDF", printBackground=False)
        (screenshots / f"{name}.pdf").write_bytes(base64.b64decode(pdf["data"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        print("skipped: there is no Chromium")
        return 77
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    pages = sorted(arguments.folder.resolve().glob("*.html"))
    check = Checks()
    check(pages, f"no pages in {arguments.folder}")
    browser = Browser(program)
    try:
        for page in pages:
            lines = page.with_suffix(".jsonl").read_text(encoding="utf-8").split("\n")
            check_page(check, browser, page, [json.loads(line) for line in lines if line], arguments.screenshots)
    finally:
        browser.close()
    print(f"{len(pages)} pages, {check.count} checks, {len(check.failures)} failures")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
