//! Cases that must be found wrong: each is a way in which a case can fail, so that none passes for
//! want of a look.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use rustix::io::Errno;

use super::doing::Doing;
use super::outside;
use super::table::{Case, Expect};

/// Each with a part of what must be said of it.
pub(super) const CASES: &[(Case, &str)] = &[
    (
        planted("planted_no_fault", "shutdown", Doing::Udp, Expect::Hidden),
        "none of these calls was made",
    ),
    (
        planted(
            "planted_told_of_another_way",
            "socket",
            Doing::Udp,
            Expect::Hidden,
        ),
        "told, and there is another way",
    ),
    (
        planted(
            "planted_nobody_is_told",
            "?preadv2",
            Doing::ReadAt,
            Expect::Told,
        ),
        "nobody was told",
    ),
    (
        planted("planted_leak", "socket", Doing::Lost, Expect::Told),
        "are left",
    ),
    (
        planted("planted_hang", "socket", Doing::Stuck, Expect::Told),
        "it hung",
    ),
];

const fn planted(name: &'static str, calls: &'static str, doing: Doing, expect: Expect) -> Case {
    Case {
        name,
        calls,
        errno: Errno::OPNOTSUPP,
        when: "3..9",
        doing,
        expect,
        on: &["native"],
    }
}

/// A trial each: it holds if the case does not.
pub(super) fn trials() -> impl Iterator<Item = Trial> {
    CASES.iter().map(|(case, expected)| {
        let limit = match case.doing {
            Doing::Stuck => Duration::from_secs(3),
            _ => Duration::from_secs(60),
        };
        Trial::test(case.name, move || {
            match outside::run(case, case.on[0], limit) {
                Err(said) if said.contains(expected) => Ok(()),
                Err(said) => Err(Failed::from(format!("`{expected}` was to be said: {said}"))),
                Ok(()) => Err(Failed::from("it was not found wrong")),
            }
        })
    })
}
