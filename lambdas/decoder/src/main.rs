//! A decoder by itself, as tests begin it; the service's programs each hold one.

#![forbid(unsafe_code)]

fn main() {
    stampede_decoder::serve_if_asked();
    eprintln!("decoder: it is begun by the service, and of no use by itself");
    std::process::exit(2);
}
