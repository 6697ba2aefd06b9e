//! Plots: a bar a contender for each row, and native's ratios in one.
//!
//! The library draws; what is here says which bars there are. It knows nothing of where a plot
//! stands.

use std::io;

use plotters::{
    coord::ranged1d::{AsRangedCoord, ValueFormatter},
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{HEADLINES, Row, Run, headline::native_ratio, page::OVERVIEW, short};
use crate::figure::{Better, Range, Role};

/// A bar, what stands on both of its sides, and how far its value went.
#[derive(Debug)]
struct Bar {
    label: String,
    range: Range,
    text: String,
    color: RGBColor,
}

/// A row's medians, a bar a contender, with the least and the most of the rounds.
///
/// # Errors
///
/// The library's.
pub(super) fn row(row: &Row) -> io::Result<String> {
    let bar = |entry: &super::Entry| {
        let range = entry.range();
        Bar {
            label: entry.contender.clone(),
            range,
            text: short(range.median),
            color: color(entry.role),
        }
    };
    let bars: Vec<_> = row.entries.iter().map(bar).collect();
    let most = bars.iter().map(|bar| bar.range.max).fold(0.0, f64::max);
    let axis = 0.0..if most > 0.0 { most } else { 1.0 };
    let direction = match row.metric.better {
        Better::Lower => "less is better",
        Better::Higher => "more is better",
    };
    let title = format!("{}: {}, {direction}", row.name(), row.metric.unit);
    draw(&title, &bars, axis, 0.0, &|value| whole(*value))
}

/// Native's ratio to the best raw runtime, a bar a headline, on a logarithmic axis.
///
/// # Errors
///
/// The library's.
pub(super) fn overview(run: &Run) -> io::Result<String> {
    let ratio = |headline: &super::Headline| {
        let row = headline.row(run)?;
        native_ratio(row).map(|(ratio, peer)| (headline.title, ratio, peer))
    };
    let bar = |(title, ratio, peer): (&str, Range, &str)| Bar {
        label: title.replace('`', ""),
        range: ratio,
        text: format!("{:.2}x {peer}", ratio.median),
        color: if ratio.median < 1.0 { LOSS } else { NATIVE },
    };
    let bars: Vec<_> = HEADLINES.iter().filter_map(ratio).map(bar).collect();
    let axis = decades(&bars);
    draw(OVERVIEW, &bars, axis.log_scale(), 1.0, &|value| {
        format!("{value}x")
    })
}

/// Whole powers of ten around all bars and 1.
fn decades(bars: &[Bar]) -> std::ops::Range<f64> {
    // The library leaves out a mark that is at the very end.
    const MORE: f64 = 1.02;
    let least = bars.iter().map(|bar| bar.range.min).fold(0.5, f64::min);
    let most = bars.iter().map(|bar| bar.range.max).fold(2.0, f64::max);
    let (first, last) = (least.log10().floor(), most.log10().ceil());
    10f64.powf(first) / MORE..10f64.powf(last) * MORE
}

/// Bars one below the other, each from `base` to its value.
fn draw<X>(
    title: &str,
    bars: &[Bar],
    axis: X,
    base: f64,
    label: &dyn Fn(&f64) -> String,
) -> io::Result<String>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
{
    let mut text = String::new();
    let height = BAR_HEIGHT * bars.len() as u32 + AROUND;
    let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
    draw_on(&area, title, bars, axis, base, label).map_err(|e| io::Error::other(e.to_string()))?;
    drop(area);
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Failed = DrawingAreaErrorKind<io::Error>;

fn draw_on<X>(
    area: &Area<'_>,
    title: &str,
    bars: &[Bar],
    axis: X,
    base: f64,
    label: &dyn Fn(&f64) -> String,
) -> Result<(), Failed>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
{
    area.fill(&WHITE)?;
    let n = bars.len() as f64;
    let longest = bars.iter().map(|bar| bar.label.chars().count()).max();
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(8)
        .margin_right(VALUES)
        .x_label_area_size(26)
        .y_label_area_size(LETTER * longest.unwrap_or(0) as i32 + GAP)
        .build_cartesian_2d(axis, 0.0..n.max(1.0))?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .y_labels(0)
        .x_labels(6)
        .x_max_light_lines(5)
        .x_label_formatter(label)
        .label_style((FONT, 14))
        .draw()?;
    // The first is the highest.
    let places = || {
        bars.iter()
            .zip((0..bars.len()).rev().map(|n| n as f64 + 0.5))
    };
    chart.draw_series(places().map(|(bar, at)| {
        let corners = [(base, at - 0.35), (bar.range.median, at + 0.35)];
        Rectangle::new(corners, bar.color.filled())
    }))?;
    chart.draw_series(places().map(|(bar, at)| {
        let Range { min, median, max } = bar.range;
        ErrorBar::new_horizontal(at, min, median, max, BLACK.filled(), 8)
    }))?;
    let left = chart.x_range().start;
    chart.draw_series(places().map(|(bar, at)| {
        let style = words(HPos::Right);
        EmptyElement::at((left, at)) + Text::new(bar.label.clone(), (-8, 0), style)
    }))?;
    chart.draw_series(places().map(|(bar, at)| {
        let style = words(HPos::Left);
        let end = bar.range.max.max(base);
        EmptyElement::at((end, at)) + Text::new(bar.text.clone(), (8, 0), style)
    }))?;
    chart.draw_series([PathElement::new([(base, 0.0), (base, n)], BLACK)])?;
    area.present()
}

/// How words beside a bar are set.
fn words(side: HPos) -> TextStyle<'static> {
    let style = TextStyle::from((FONT, 15).into_font());
    style.pos(Pos::new(side, VPos::Center))
}

fn color(role: Role) -> RGBColor {
    match role {
        Role::Ours => NATIVE,
        Role::Peer => PEER,
        Role::Control => CONTROL,
    }
}

/// A mark of an axis, without a fraction where there is none.
fn whole(value: f64) -> String {
    match value.fract() {
        0.0 => format!("{value:.0}"),
        _ => short(value),
    }
}

const NATIVE: RGBColor = RGBColor(0x2b, 0x6c, 0xb0);
const PEER: RGBColor = RGBColor(0xe0, 0x9f, 0x3e);
const CONTROL: RGBColor = RGBColor(0xa0, 0xa0, 0xa0);
const LOSS: RGBColor = RGBColor(0xc0, 0x39, 0x2b);

const FONT: &str = "sans-serif";
/// All in pixels: the plot, a letter left of the bars, what is beside it, what stands right of the
/// bars, above and below.
const WIDTH: u32 = 860;
const LETTER: i32 = 7;
const GAP: i32 = 20;
const VALUES: i32 = 130;
const AROUND: u32 = 76;
const BAR_HEIGHT: u32 = 26;

#[cfg(test)]
mod tests {
    use quick_xml::{Reader, events::Event};

    use super::*;
    use crate::report::sample;

    /// Reads a plot as XML; says how often each element is in it.
    fn elements(svg: &str) -> Vec<(String, Vec<(String, String)>)> {
        let mut reader = Reader::from_str(svg);
        let mut elements = Vec::new();
        loop {
            match reader.read_event().expect("a plot is XML") {
                Event::Start(tag) | Event::Empty(tag) => {
                    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                    let attributes = tag.attributes().map(|attribute| {
                        let attribute = attribute.expect("an attribute is sound");
                        let name = String::from_utf8_lossy(attribute.key.as_ref());
                        let value = String::from_utf8_lossy(&attribute.value);
                        (name.into_owned(), value.into_owned())
                    });
                    elements.push((name, attributes.collect()));
                }
                Event::Eof => return elements,
                _ => (),
            }
        }
    }

    /// The widths of the bars of a color, in pixels.
    fn widths(svg: &str, color: RGBColor) -> Vec<i32> {
        let fill = format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2);
        let elements = elements(svg);
        let bars = elements
            .iter()
            .filter(|(_, attributes)| attributes.contains(&("fill".to_owned(), fill.clone())));
        let width = |(_, attributes): &(String, Vec<(String, String)>)| {
            let width = attributes.iter().find(|(name, _)| name == "width");
            width
                .expect("a bar has a width")
                .1
                .parse()
                .expect("in pixels")
        };
        bars.map(width).collect()
    }

    #[test]
    fn a_bar_is_as_long_as_its_median() {
        let run = sample::run();
        let svg = row(&run.rows[0]).expect("it is drawn");
        let ours = widths(&svg, NATIVE);
        // 100, 400 and 500 us.
        let times = |n: usize| f64::from(ours[n]) / f64::from(ours[0]);
        assert_eq!(ours.len(), 3, "{svg}");
        assert!((times(1) - 4.0).abs() < 0.1, "{ours:?}");
        assert!((times(2) - 5.0).abs() < 0.1, "{ours:?}");
        assert_eq!(widths(&svg, PEER).len(), 2);
        assert_eq!(widths(&svg, CONTROL).len(), 1);
    }

    #[test]
    fn a_loss_has_another_color_than_a_gain() {
        let svg = overview(&sample::run()).expect("it is drawn");
        assert_eq!(widths(&svg, NATIVE).len(), 1);
        assert_eq!(widths(&svg, LOSS).len(), 1);
        for text in ["3.00x raw-tokio", "0.80x raw-tokio", "0.1x", "10x"] {
            assert!(svg.contains(text), "{text} is not in {svg}");
        }
    }

    #[test]
    fn what_is_nothing_is_drawn() {
        let mut run = sample::run();
        for entry in &mut run.rows[0].entries {
            entry.rounds = vec![0.0; 3];
        }
        let svg = row(&run.rows[0]).expect("it is drawn");
        assert_eq!(widths(&svg, NATIVE), [0; 3]);
        run.rows.clear();
        assert!(!elements(&overview(&run).expect("it is drawn")).is_empty());
    }

    #[test]
    fn an_axis_ends_at_powers_of_ten() {
        let bar = |min, max| Bar {
            label: String::new(),
            range: Range {
                min,
                median: min,
                max,
            },
            text: String::new(),
            color: NATIVE,
        };
        let ends = |min, max| {
            let axis = decades(&[bar(min, max)]);
            (axis.start, axis.end)
        };
        let (start, end) = ends(0.9, 66.0);
        assert!((0.09..0.1).contains(&start) && end > 100.0 && end < 110.0);
        let (start, end) = ends(0.02, 1.1);
        assert!((0.009..0.01).contains(&start) && end > 10.0 && end < 11.0);
    }
}
