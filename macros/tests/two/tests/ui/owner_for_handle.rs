//! The owner, where a handle is wanted.

fn main() {
    let runtime = anyrt::native::Runtime::new().unwrap();
    anyrt::task::spawn_in(async {}, &runtime);
}
