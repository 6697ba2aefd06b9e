//! The table on the terminal, in Markdown: a row a metric, a column a contender, ratios to the
//! best peer beside ours.

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use super::short;
use crate::figure::{Figure, Role, spread};

/// The table of all figures.
pub fn markdown(figures: &[Figure]) -> String {
    let mut contenders: Vec<&str> = Vec::new();
    let mut rows: Vec<(&str, &str, &str)> = Vec::new();
    for figure in figures {
        let row = (
            figure.scenario,
            figure.metric.as_str(),
            figure.unit.as_str(),
        );
        push_new(&mut rows, row);
        push_new(&mut contenders, figure.contender);
    }
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["scenario", "unit"].into_iter().chain(contenders.clone()));
    for (scenario, metric, unit) in rows {
        let cell = |contender: &&str| {
            let figure = figures.iter().find(|figure| {
                (figure.scenario, figure.metric.as_str()) == (scenario, metric)
                    && figure.contender == *contender
            });
            figure.map_or(String::new(), text)
        };
        let name = match metric {
            "" => scenario.to_owned(),
            metric => format!("{scenario}, {metric}"),
        };
        let row = [name, unit.to_owned()];
        table.add_row(row.into_iter().chain(contenders.iter().map(cell)));
    }
    table.to_string()
}

/// The median with half the spread of the rounds, and for ours the ratio.
fn text(figure: &Figure) -> String {
    let spread = spread(&figure.rounds);
    let value = format!("{} ±{spread:.0} %", short(figure.median));
    match (figure.role, figure.ratio) {
        (Role::Ours, Some(ratio)) => format!("{value} ({ratio:.2}x)"),
        _ => value,
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Series, Value, figures};

    #[test]
    fn ours_stand_beside_their_ratio() {
        let series = |contender, role, value| Series {
            metric: Value::lower("time", "us", 0.0).metric,
            contender,
            role,
            rounds: vec![value],
        };
        let all = [
            series("native", Role::Ours, 2.0),
            series("tokio", Role::Peer, 8.0),
        ];
        let text = markdown(&figures("spawn", &all));
        assert!(text.contains("2.00 ±0 % (4.00x)"), "{text}");
        assert!(text.contains("8.00 ±0 %"), "{text}");
        assert!(text.contains("spawn, time"), "{text}");
    }
}
