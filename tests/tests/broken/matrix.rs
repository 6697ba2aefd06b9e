//! Every mutant against every law: a mutant is a proof only if it leaves other laws alone.

use std::collections::{BTreeMap, VecDeque};
use std::process::ExitCode;
use std::sync::Mutex;

use anyrt_laws::all as laws;

use crate::backend::{Broken, locked};
use crate::mutants::{self, Expected};
use crate::trial::{USUAL, verdict};

/// Runs the mutants that have one of the words in their name or in that of their law, or all of
/// them, and prints which laws each broke besides its own.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let mut own: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    for row in mutants::table() {
        own.entry(row.mutant).or_default().push(row.law);
    }
    own.retain(|mutant, laws| {
        let has = |word: &String| mutant.contains(word) || laws.iter().any(|l| l.contains(word));
        words.is_empty() || words.iter().any(has)
    });
    let n_mutants = own.len();
    let (queue, crude) = (Mutex::new(VecDeque::from_iter(own)), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let next = || locked(&queue).pop_front();
                while let Some((mutant, own)) = next() {
                    let broken = broken_by(mutant, &own);
                    print(mutant, &own, &broken);
                    if broken.len() > most_broken() {
                        locked(&crude).push(mutant);
                    }
                }
            });
        }
    });
    let crude = locked(&crude);
    println!(
        "\n{n_mutants} mutants, {} of them too crude: {crude:?}",
        crude.len()
    );
    match n_mutants > 0 && crude.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The laws besides its own that a mutant does not pass, of those that take the usual time. A time
/// beyond its bound does not count, since several laws run at once here.
fn broken_by(mutant: &'static str, own: &[&str]) -> Vec<(&'static str, Expected)> {
    let laws = laws::<Broken>();
    let others = laws.iter().filter(|law| !own.contains(&law.name()));
    let others = others.filter(|law| law.time_limit() <= USUAL && law.missing().is_none());
    let verdicts = others.map(|law| (law.name(), Expected::of(&verdict(law, mutant))));
    verdicts
        .filter(|(_, said)| ![Expected::Held, Expected::Slow, Expected::Unshown].contains(said))
        .collect()
}

/// One in ten of those.
fn most_broken() -> usize {
    let laws = laws::<Broken>();
    let usual = laws.iter().filter(|law| law.time_limit() <= USUAL);
    (usual.count() - 1) / 10
}

/// In one piece, since several threads print.
fn print(mutant: &str, own: &[&str], broken: &[(&str, Expected)]) {
    let mut text = format!("{mutant} ({}): {} others", own.join(", "), broken.len());
    for (law, said) in broken {
        text.push_str(&format!("\n    {said:?} {law}"));
    }
    println!("{text}");
}

/// Mutants at once: most of their time is spent waiting.
const THREADS: usize = 4;
