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
    // Rules of `@media` are left out by the parser, and must not be followed by the renderer either.
    let unseen: String =
        (0..10).map(|level| format!("@media all {{ .p{level} {{ fill: url(#p{level}) }} }}")).collect();
    let in_media = tenfold(
        10,
        |level, inside| format!("<pattern id='p{level}' width='1' height='1'>{inside}</pattern>"),
        |level| format!("<rect class='p{level}' width='9' height='9'/>"),
    );
    let in_media =
        format!("<style>{unseen}</style><pattern id='p0'/>{in_media}<rect class='p9' width='9' height='9'/>");
    let huge =
        "<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='1e9'><rect width='9' height='9'/></svg>";
    vec![
        Bomb::refused("SVG of a billion laughs", laughs.into_bytes(), "SVG"),
        Bomb::refused("SVG of a billion uses", svg(&uses), "refer to one another too often"),
        Bomb::refused("SVG of a billion patterns", svg(&patterns), "refer to one another too often"),
        Bomb::refused(
            "SVG of a million groups, one in another",
            svg(&format!("{}{}", "<g>".repeat(1_000_000), "</g>".repeat(1_000_000))),
            "too many shapes",
        ),
        Bomb::harmless("SVG of a billion patterns in @media", svg(&in_media)),
        Bomb::harmless("SVG that is 10⁹ wide", huge.as_bytes().to_vec()),
        Bomb::harmless("SVG with a blur of 10⁶", svg(blur)),
        Bomb::refused("SVG with noise of 2·10⁹ octaves", svg(noise), "too long"),
        Bomb::refused("SVG of a billion masks", svg(&masks), "refer to one another too often"),
        Bomb::harmless("SVG that grows by 1,000", svg(grown)),
        Bomb::refused("SVG of 900 layers, one in another", svg(&layers), "deep in one another"),
        Bomb::refused("SVG of 200,000 shapes, one on another", svg(&shapes), "too many shapes"),
        Bomb::harmless("SVG with 10¹⁵ dashes", svg(dashes)),
        Bomb::refused("SVG of an arc 10³⁸ wide", svg("<path d='M5 4e38A5 5 0 0 0 1 5'/>"), "vast arcs"),
        Bomb::refused("SVG of circles 10³⁸ wide", svg(&"<circle r='3e38'/>".repeat(30)), "vast arcs"),
        Bomb::harmless("SVG of circles 10⁹ wide", svg(&"<circle r='1e9'/>".repeat(3000))),
        Bomb::refused("SVG that holds itself", svg(circle), "in a circle"),
        Bomb::harmless("SVG that holds a PNG of 16,000²", svg(&inner)),
    ]
}

/// `inside` so many times.
fn many(count: usize, inside: &str) -> Vec<u8> {
    svg(&inside.repeat(count))
}

/// What takes the square of its length, or worse, in some part of the parser or the renderer.
pub(crate) fn slow() -> Vec<Bomb> {
    let attributes: String = (0..300_000).map(|n| format!(" a{n}='1'")).collect();
    let entity = format!("<!DOCTYPE svg [<!ENTITY e '{}'>]>", "x".repeat(1_000_000));
    let entity = format!(
        "{entity}<svg xmlns='http://www.w3.org/2000/svg'><text>{}</text></svg>",
        "&e;".repeat(100_000)
    );
    let rules: String = (0..30_000).map(|n| format!(".c{n} {{ fill: red }}")).collect();
    let rules = format!("<style>{rules}</style>{}", "<rect width='9' height='9'/>".repeat(30_000));
    let groups = |count, inside: &str| format!("{}{inside}{}", "<g>".repeat(count), "</g>".repeat(count));
    let descendants = groups(100, "<rect width='9' height='9'/>");
    let descendants = format!("<style>x {} rect {{ fill: red }}</style>{descendants}", "g ".repeat(9));
    let declarations = format!("<rect style='{}'/>", "fill:red;".repeat(1_000_000));
    let inherited = groups(250, &"<rect width='9' height='9'/>".repeat(90_000));
    let text = |inside: &str| svg(&format!("<text y='50'>{inside}</text>"));
    let letters = "ab ".repeat(1_000_000);
    let spans = "<tspan>a</tspan>".repeat(50_000);
    let marker = format!(
        "<marker id='a'>{}</marker><path marker-mid='url(#a)' d='M0 0{}'/>",
        "<rect width='9' height='9'/>".repeat(100),
        "h1".repeat(10_000)
    );
    let path = |style: &str, segments: &str| svg(&format!("<path d='M0 0{segments}' {style}/>"));
    let dashes = "<path d='M0 0H9e5' stroke='red' stroke-dasharray='1'/>";
    let stops = format!(
        "<linearGradient id='a'>{}</linearGradient>{}",
        "<stop offset='.5'/>".repeat(30_000),
        "<rect width='9' height='9' fill='url(#a)'/>".repeat(30_000)
    );
    let picture: String = files::bilevel_png(4000).iter().map(|byte| format!("%{byte:02x}")).collect();
    let picture = format!(
        "<defs><image id='a' width='9' height='9' xlink:href='data:image/png,{picture}'/></defs>{}",
        "<use xlink:href='#a'/>".repeat(300)
    );
    let inner = String::from_utf8(many(30_000, "<rect/>")).unwrap().replace('#', "%23").replace('<', "%3c");
    let inner = format!(
        "<defs><image id='a' width='9' height='9' xlink:href=\"data:image/svg+xml,{inner}\"/></defs>{}",
        "<use xlink:href='#a'/>".repeat(100)
    );
    vec![
        Bomb::refused("SVG of 300,000 attributes", svg(&format!("<rect{attributes}/>")), "attributes"),
        Bomb::refused("SVG of an entity of 1 MB named often", entity.into_bytes(), "entities"),
        Bomb::refused("SVG of 30,000 rules for 30,000 shapes", svg(&rules), "style rules"),
        Bomb::refused("SVG of a rule for descendants", svg(&descendants), "style rules"),
        Bomb::refused("SVG of 50,000 sheets", many(50_000, "<style>a{fill:red}</style>"), "style rules"),
        Bomb::refused("SVG of 1,000,000 declarations", svg(&declarations), "style rules"),
        Bomb::refused("SVG of 90,000 shapes in 250 groups", svg(&inherited), "too many shapes"),
        Bomb::refused("SVG of 3,000,000 letters", text(&letters), "letters"),
        Bomb::refused("SVG of 50,000 spans", text(&spans), "letters"),
        Bomb::refused("SVG of 50,000 texts", many(50_000, "<text y='9'>abc</text>"), "letters"),
        Bomb::refused("SVG of 10,000 markers of 100 shapes", svg(&marker), "too many shapes"),
        Bomb::refused("SVG of 400,000 lines", path("", &"v99h1v-99h-1".repeat(100_000)), "drawing"),
        Bomb::refused("SVG of 60,000 curves", path("", &"c99 99-99 99 0 0".repeat(60_000)), "drawing"),
        Bomb::refused(
            "SVG of 1,200,000 strokes",
            path("stroke='red' stroke-linejoin='round'", &"l9 9-9-8".repeat(600_000)),
            "too long",
        ),
        Bomb::refused("SVG of 45,000,000 dashes", many(100, dashes), "drawing"),
        Bomb::refused("SVG of a gradient of 30,000 colours", svg(&stops), "too long"),
        Bomb::refused("SVG of a PNG of 4,000² 300 times", svg(&picture), "drawing"),
        Bomb::harmless("SVG of an SVG 100 times", svg(&inner)),
    ]
}

/// Not much less than is refused.
pub(crate) fn just_allowed() -> Vec<Bomb> {
    let text = |inside: &str| svg(&format!("<text y='50'>{inside}</text>"));
    // As drawing programs write them: a class for each colour.
    let rules: String = (0..2000).map(|n| format!(".cls-{n}{{fill:#{n:06x};}}")).collect();
    let shapes: String =
        (0..4000).map(|n| format!("<rect class='cls-{}' width='9' height='9'/>", n / 2)).collect();
    let rules = format!("<style>{rules}</style>{shapes}");
    let path = |segments: &str| svg(&format!("<path d='M0 0{segments}'/>"));
    vec![
        Bomb::allowed("SVG of 30,000 shapes", many(30_000, "<rect width='9' height='9' opacity='.5'/>")),
        Bomb::allowed("SVG of 12,000 letters", text(&"ab ".repeat(4000))),
        Bomb::allowed("SVG of 1,000 spans", text(&"<tspan>a</tspan>".repeat(1000))),
        Bomb::allowed("SVG of 2,000 rules for 4,000 shapes", svg(&rules)),
        Bomb::allowed("SVG of 500,000 short lines", path(&"l2 1-2 1".repeat(250_000))),
        Bomb::allowed("SVG of 5,000 dashes", svg("<path d='M0 0H1e4' stroke='red' stroke-dasharray='1'/>")),
    ]
}
