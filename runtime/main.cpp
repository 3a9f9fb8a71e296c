//===- main.cpp - where a product starts
//--------------------------------------------------------===//
#include "runtime/Program.h"

int main(int argc, char **argv) { return tril::programMain(argc, argv, tril_step); }
