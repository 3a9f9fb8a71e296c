tril.model @m attributes {tril.arena = array<i64: 0, 0, 0, 0>} {
  tril.body @main() {
    tril.return
  }
}
