//! A task may outlive the caller's variables.

#[anyrt::main(native)]
async fn main() {
    let name = String::from("example");
    anyrt::task::spawn(async {
        println!("{name}");
    });
}
