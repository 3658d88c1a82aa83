//! The contrast of the colours in the stylesheet, as WCAG 2.2 computes it.

use std::collections::HashMap;

const STYLE: &str = include_str!("../../../assets/console.css");

/// The least contrast of texts (1.4.3) and of graphics and borders of controls (1.4.11).
const OF_TEXT: f64 = 4.5;
const OF_GRAPHICS: f64 = 3.0;

#[derive(Debug, Clone, Copy)]
struct Colour([f64; 3]);

impl Colour {
    fn parse(text: &str) -> Self {
        let text = text.trim().strip_prefix('#').expect("a colour in hexadecimal");
        let part = |place: usize| u8::from_str_radix(&text[place..place + 2], 16).expect("two digits");
        Self([part(0), part(2), part(4)].map(|part| f64::from(part) / 255.0))
    }

    fn luminance(self) -> f64 {
        let linear = self.0.map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
        0.0722_f64.mul_add(linear[2], 0.2126_f64.mul_add(linear[0], 0.7152 * linear[1]))
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        (one / other).max(other / one)
    }
}

/// The variables of the stylesheet, in the light theme and in the dark one.
fn variables() -> HashMap<&'static str, [Colour; 2]> {
    let lines = STYLE.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": light-dark("));
    let pair = |text: &str| {
        let (light, dark) = text.strip_suffix(");").expect("two colours").split_once(',').expect("two colours");
        [Colour::parse(light), Colour::parse(dark)]
    };
    lines.map(|(name, text)| (name, pair(text))).collect()
}

#[test]
fn every_text_can_be_read_in_both_themes() {
    let variables = variables();
    let grounds = ["ground", "panel"];
    let texts = ["ink", "muted", "accent", "done", "warn", "danger", "test"];
    let pairs = texts.iter().flat_map(|text| grounds.map(|ground| (*text, ground)));
    let on_buttons = [("on-accent", "accent"), ("on-danger", "danger"), ("ink", "line")];
    for (text, ground) in pairs.chain(on_buttons) {
        for (text_colour, ground_colour) in variables[text].iter().zip(variables[ground]) {
            let contrast = text_colour.contrast(ground_colour);
            assert!(contrast >= OF_TEXT, "{text} on {ground}, {ground_colour:?}: {contrast:.2}");
        }
    }
}

#[test]
fn the_borders_of_controls_and_charts_are_seen_in_both_themes() {
    let variables = variables();
    for ground in ["ground", "panel"] {
        for (border, ground) in variables["border"].iter().zip(variables[ground]) {
            let contrast = border.contrast(ground);
            assert!(contrast >= OF_GRAPHICS, "border on {ground:?}: {contrast:.2}");
            for class in ["active", "dormant", "never", "unknown"] {
                let rule = STYLE.split(&format!(".chart .{class} {{ fill: ")).nth(1).expect("a rule");
                let contrast = Colour::parse(&rule[..7]).contrast(ground);
                assert!(contrast >= OF_GRAPHICS, "{class} on {ground:?}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn every_variable_that_is_used_is_defined() {
    let variables = variables();
    let known = |name: &str| variables.contains_key(name) || ["row", "rail"].contains(&name);
    for used in STYLE.split("var(--").skip(1) {
        let name = used.split(')').next().expect("an end");
        assert!(known(name), "{name}");
    }
}
