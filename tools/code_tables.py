# SPDX-License-Identifier: Apache-2.0
"""How the generators of tables write ranges of code points (pellucid/text/code_ranges.h)."""


def ranges_of(codes):
    """[first, last] of a set of code points."""
    ranges = []
    for code in sorted(codes):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ranges


def step_ranges(pairs):
    """[first, last, step, difference] of (code point, difference): runs of every or every other code point."""
    ranges = []
    for code, difference in sorted(pairs):
        if ranges:
            last = ranges[-1]
            step = code - last[1]
            if last[3] == difference and step in (1, 2) and last[2] in (0, step):
                last[1], last[2] = code, step
                continue
        ranges.append([code, code, 0, difference])
    return [[first, last, step or 1, difference] for first, last, step, difference in ranges]


def hexadecimal(row):
    """A range as an initializer: both ends in base 16."""
    return "{" + ",".join(["0x%X" % row[0], "0x%X" % row[1]] + [str(value) for value in row[2:]]) + "}"


def rows(values, form, width=100):
    lines, line = [], "   "
    for value in values:
        item = " " + form(value) + ","
        if len(line) + len(item) > width:
            lines.append(line)
            line = "   "
        line += item
    return "\n".join(lines + [line])


def array(declaration, count, values, form):
    print(f"const {declaration}[] = {{\n{rows(values, form)}\n}};\nconst std::size_t {count} = {len(values)};\n")
