//! The groups of the catalogue: which promises belong together, by their ids.
//!
//! Knows ids and nothing of laws. A new id is entered here, whatever its number: ids are given in
//! the order in which laws are written, and are never used again.

use std::fmt;
use std::ops::RangeInclusive;

/// Promises that belong together, as those on time or on files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Group {
    name: &'static str,
    title: &'static str,
    ids: &'static [RangeInclusive<u16>],
}

impl Group {
    /// Its short name, as `TM`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What its laws are about.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// The group of that name, in either case.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Group> {
        GROUPS
            .iter()
            .find(|group| group.name.eq_ignore_ascii_case(name))
    }

    /// The group that the law of this name is in: its name opens with the id.
    pub(crate) fn of(name: &str) -> Option<&'static Group> {
        let number = name.split('_').next()?.get(1..)?.parse::<u16>().ok()?;
        let mut groups = GROUPS.iter();
        groups.find(|group| group.ids.iter().any(|ids| ids.contains(&number)))
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All groups, in the order of the catalogue.
pub const GROUPS: &[Group] = &[
    group("W", "wakers and polls", &[1..=12]),
    group("SP", "spawning, joining, cancelling", &[13..=34]),
    group("BL", "blocking calls", &[35..=43]),
    group("RT", "the life of a runtime", &[44..=58]),
    group("FA", "progress and fairness", &[59..=67]),
    group("TM", "time", &[68..=85]),
    group("IO", "what all sockets and files share", &[86..=106]),
    group("TCP", "TCP", &[107..=124]),
    group("UDP", "UDP", &[125..=130]),
    group("UX", "Unix sockets", &[131..=135]),
    group("DNS", "looking up names", &[136..=140]),
    group("FS", "files", &[141..=162, 200..=203]),
    group("MX", "several runtimes in one program", &[178..=185]),
    group("RS", "resources", &[186..=193]),
    group("CU", "the current runtime", &[194..=199]),
];

const fn group(
    name: &'static str,
    title: &'static str,
    ids: &'static [RangeInclusive<u16>],
) -> Group {
    Group { name, title, ids }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_in_one_group_at_most() {
        for number in 0..1_000_u16 {
            let holds = |group: &&Group| group.ids.iter().any(|ids| ids.contains(&number));
            assert!(GROUPS.iter().filter(holds).count() <= 1, "L{number:03}");
        }
    }

    #[test]
    fn a_law_names_its_group() {
        let of = |name| Group::of(name).map(Group::name);
        assert_eq!(of("l015_drop_detaches"), Some("SP"));
        assert_eq!(of("l200_directories"), Some("FS"));
        assert_eq!(of("l000_nothing"), None);
        assert_eq!(of("no_law"), None);
        assert_eq!(Group::named("tcp").map(Group::title), Some("TCP"));
        assert_eq!(Group::named("PR"), None);
    }
}
