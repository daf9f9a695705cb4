//! SVG stamps that are bombs.

use super::{Bomb, files};

fn svg(inside: &str) -> Vec<u8> {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' \
         width='100' height='100'>{inside}</svg>"
    )
    .into_bytes()
}

/// Ten times ten times ten … of the same, by `link(name)` to what stands in `definition(name, inside)`.
fn tenfold(levels: u32, definition: impl Fn(u32, &str) -> String, link: impl Fn(u32) -> String) -> String {
    (1..levels).map(|level| definition(level, &link(level - 1).repeat(10))).collect()
}

pub(crate) fn all() -> Vec<Bomb> {
    let laughs = tenfold(
        10,
        |level, inside| format!("<!ENTITY l{level} \"{inside}\">"),
        |level| format!("&l{level};"),
    );
    let laughs = format!(
        "<!DOCTYPE svg [<!ENTITY l0 \"ha\">{laughs}]><svg xmlns='http://www.w3.org/2000/svg' width='9' \
         height='9'><text>&l9;</text></svg>"
    );
    let uses = tenfold(
        10,
        |level, inside| format!("<g id='u{level}'>{inside}</g>"),
        |level| format!("<use xlink:href='#u{level}'/>"),
    );
    let uses = format!("<defs><rect id='u0' width='9' height='9'/>{uses}</defs><use xlink:href='#u9'/>");
    let patterns = tenfold(
        10,
        |level, inside| {
            format!(
                "<pattern id='p{level}' width='1' height='1' patternUnits='userSpaceOnUse'>{inside}</pattern>"
            )
        },
        |level| format!("<rect width='9' height='9' fill='url(#p{level})'/>"),
    );
    let patterns = format!(
        "<defs><pattern id='p0' width='1' height='1'/>{patterns}</defs><rect width='100' height='100' fill='url(#p9)'/>"
    );
    let blur = "<filter id='f' x='-1e6' y='-1e6' width='2e6' height='2e6' filterUnits='userSpaceOnUse'>\
                <feGaussianBlur stdDeviation='1e6'/></filter><rect width='9' height='9' filter='url(#f)'/>";
    let noise = "<filter id='f'><feTurbulence baseFrequency='1' numOctaves='2000000000'/></filter>\
                 <rect width='99' height='99' filter='url(#f)'/>";
    let masks = tenfold(
        10,
        |level, inside| format!("<mask id='k{level}'>{inside}</mask>"),
        |level| format!("<rect width='99' height='99' mask='url(#k{level})'/>"),
    );
    let masks = format!("<defs><mask id='k0'/>{masks}</defs><rect width='99' height='99' mask='url(#k9)'/>");
    let grown = "<filter id='f' x='0' y='0' width='99' height='99' filterUnits='userSpaceOnUse'>\
                 <feMorphology operator='dilate' radius='1000'/></filter><rect width='99' height='99' filter='url(#f)'/>";
    let layers =
        format!("{}<rect width='99' height='99'/>{}", "<g opacity='.9'>".repeat(900), "</g>".repeat(900));
    let shapes = "<rect width='99' height='99' opacity='.5'/>".repeat(200_000);
    let dashes = "<path d='M0 0H1e9' stroke='red' stroke-dasharray='1e-6'/>";
    let circle = "<g id='a'><use xlink:href='#a'/></g><mask id='m' mask='url(#m)'/><rect mask='url(#m)'/>";
    let inner: String = files::large_png().iter().map(|byte| format!("%{byte:02x}")).collect();
    let inner = format!("<image width='9' height='9' xlink:href='data:image/png,{inner}'/>");
    let huge =
        "<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='1e9'><rect width='9' height='9'/></svg>";
    vec![
        Bomb::refused("SVG of a billion laughs", laughs.into_bytes(), "SVG"),
        Bomb::refused("SVG of a billion uses", svg(&uses), "refer to one another"),
        Bomb::refused("SVG of a billion patterns", svg(&patterns), "refer to one another"),
        Bomb::refused(
            "SVG of a million groups, one in another",
            svg(&format!("{}{}", "<g>".repeat(1_000_000), "</g>".repeat(1_000_000))),
            "deep in one another",
        ),
        Bomb::harmless("SVG that is 10⁹ wide", huge.as_bytes().to_vec()),
        Bomb::harmless("SVG with a blur of 10⁶", svg(blur)),
        Bomb::refused("SVG with noise of 2·10⁹ octaves", svg(noise), "too long"),
        Bomb::refused("SVG of a billion masks", svg(&masks), "refer to one another"),
        Bomb::harmless("SVG that grows by 1,000", svg(grown)),
        Bomb::refused("SVG of 900 layers, one in another", svg(&layers), "deep in one another"),
        Bomb::refused("SVG of 200,000 shapes, one on another", svg(&shapes), "too long"),
        Bomb::harmless("SVG with 10¹⁵ dashes", svg(dashes)),
        Bomb::refused("SVG that holds itself", svg(circle), "in a circle"),
        Bomb::harmless("SVG that holds a PNG of 16,000²", svg(&inner)),
    ]
}
