//! Every mutant against every law: a mutant is a proof only if it leaves other laws alone.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::Mutex;

use anyrt_laws::all as laws;

use crate::backend::{Broken, locked};
use crate::mutants::{self, Expected, Row};
use crate::trial::verdict;

/// Runs the rows whose mutant or law has one of the words in its name, or all of them, and prints
/// what each mutant broke.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let mut rows = mutants::table();
    let is_meant = |row: &Row, word: &String| row.mutant.contains(word) || row.law.contains(word);
    rows.retain(|row| words.is_empty() || words.iter().any(|word| is_meant(row, word)));
    let total = rows.len();
    let queue = Mutex::new(VecDeque::from(rows));
    let crude = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let Some(row) = locked(&queue).pop_front() else {
                        return;
                    };
                    let broken = broken_by(&row);
                    print(&row, &broken);
                    if broken.len() > most_broken() {
                        locked(&crude).push(row.mutant);
                    }
                }
            });
        }
    });
    let crude = locked(&crude);
    println!(
        "\n{total} mutants, {} of them too crude: {crude:?}",
        crude.len()
    );
    match total > 0 && crude.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The laws besides its own that a mutant does not pass. A time beyond its bound does not count,
/// since several laws run at once here.
fn broken_by(row: &Row) -> Vec<(&'static str, Expected)> {
    let others = laws::<Broken>();
    let others = others.iter().filter(|law| law.name() != row.law);
    let verdicts = others.map(|law| (law.name(), Expected::of(&verdict(law, row.mutant))));
    verdicts
        .filter(|(_, said)| ![Expected::Held, Expected::Slow].contains(said))
        .collect()
}

/// One in ten of the other laws.
fn most_broken() -> usize {
    (laws::<Broken>().len() - 1) / 10
}

fn print(row: &Row, broken: &[(&str, Expected)]) {
    let mut text = format!("{} ({}): {} others", row.mutant, row.law, broken.len());
    for (law, said) in broken {
        text.push_str(&format!("\n    {said:?} {law}"));
    }
    println!("{text}");
}

/// Mutants at once.
const THREADS: usize = 4;
