tril.model @m {
  tril.body @layer() {
    tril.return
  }
}
