//! `report.html`: the plots and the tables, in one file that needs no other.
//!
//! No script, no font, no address of anything elsewhere: it can be read from a disk. It knows
//! nothing of how a plot is drawn.

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Run, head::Planned, headline, page, plot};

/// The whole page.
///
/// # Errors
///
/// Those of a plot.
pub(super) fn page(run: &Run, overview: &str) -> io::Result<String> {
    let scenarios = run.head.scenarios.iter();
    let scenarios: Vec<Markup> = scenarios
        .map(|planned| section(run, planned))
        .collect::<io::Result<_>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Figures of the benchmarks" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Figures of the benchmarks" }
                p { code { (run.head.command) } ", " (run.head.date) "." }
                p { (run.head.sentence()) }
                p { (page::HOW_TO_READ.replace(['`', '*'], "")) }
                (PreEscaped(overview))
                (headlines(run))
                @for scenario in &scenarios { (scenario) }
            }
        }
    };
    Ok(page.into_string())
}

fn headlines(run: &Run) -> Markup {
    html! {
        table {
            tr { @for column in headline::COLUMNS { th { (column) } } }
            @for row in headline::rows(run) {
                tr { @for cell in row { td { (cell.replace('`', "")) } } }
            }
        }
    }
}

/// A scenario: its plots, then its figures.
fn section(run: &Run, planned: &Planned) -> io::Result<Markup> {
    let rows: Vec<_> = page::rows(run, planned).collect();
    let plots: Vec<_> = rows
        .iter()
        .map(|row| plot::row(row))
        .collect::<io::Result<_>>()?;
    let absent = page::absent(run, planned);
    Ok(html! {
        h2 id=(planned.name) { (planned.name) }
        p { (planned.what) "." }
        @if !absent.is_empty() { p { "No figure of " (absent.join(", ")) "." } }
        @for plot in &plots { (PreEscaped(plot)) }
        details {
            summary { "Figures" }
            table {
                tr { @for column in page::COLUMNS { th { (column) } } }
                @for row in &rows {
                    @for entry in &row.entries {
                        tr { @for cell in page::cells(row, entry) { td { (cell) } } }
                    }
                }
            }
        }
    })
}

const STYLE: &str = "
body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 }
th, td { text-align: left; padding: 0.2em 0.8em; border-bottom: 1px solid #ddd }
svg { display: block; max-width: 100%; height: auto; margin: 1em 0 }
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn html() -> String {
        let run = sample::run();
        let overview = plot::overview(&run).expect("it is drawn");
        page(&run, &overview).expect("it is drawn")
    }

    #[test]
    fn a_page_needs_nothing_from_elsewhere() {
        // The name of SVG's language is an address that nobody asks.
        let text = html().replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for outside in [
            "http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link",
        ] {
            assert!(!text.contains(outside), "{outside} in {text}");
        }
    }

    #[test]
    fn a_row_has_a_plot_and_an_overview_stands_above() {
        let text = html();
        assert_eq!(text.matches("<svg ").count(), 4);
        assert_eq!(text.matches("</svg>").count(), 4);
        assert_eq!(text.matches("<h2 id=\"echo_100\">").count(), 1);
    }

    #[test]
    fn what_a_record_says_is_text() {
        let text = html();
        assert!(text.contains("P &lt;x&gt; &amp; y"), "{text}");
        assert!(text.contains("tasks &amp; joins"), "{text}");
    }
}
