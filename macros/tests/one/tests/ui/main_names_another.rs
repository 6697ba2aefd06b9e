//! One backend is compiled in, and another is named: the message has the dependency's name.

#[renamed::main(tokio)]
async fn main() {}
