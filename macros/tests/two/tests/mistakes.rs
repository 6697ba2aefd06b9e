//! What the compiler says where two backends are compiled in, and to the commonest mistakes.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
