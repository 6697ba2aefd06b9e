//! What the compiler says where no backend is compiled in.
//!
//! Features are a package's, so each number of backends has a package of its own.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
