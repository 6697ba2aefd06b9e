//! An option that the backend's builder does not have.

#[anyrt::main(native, thread_count = 4)]
async fn main() {}
