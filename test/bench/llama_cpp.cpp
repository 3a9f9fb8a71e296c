//===- llama_cpp.cpp - llama.cpp as the peer of the benchmarks
//--------------------------------------===//
// llama_cpp WEIGHTS PROMPT-FILE N THREADS: continues a prompt by N greedy tokens, and tells what a
// product tells on standard error: tokens and seconds of the prompt and of the generation.  The
// first token is written as soon as it is there.  llama.cpp's defaults otherwise (8-bit
// activations, 16-bit caches, batches of 512).
#include "llama.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static int fail(const char *what) {
  std::fprintf(stderr, "llama_cpp: %s\n", what);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 5)
    return fail("usage: llama_cpp WEIGHTS PROMPT-FILE N THREADS");
  llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
  llama_backend_init();
  llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model)
    return fail("the weights cannot be loaded");
  const llama_vocab *vocab = llama_model_get_vocab(model);

  std::ifstream file(argv[2]);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!text.empty() && text.back() == '\n')
    text.pop_back(); // as a product's -f does
  std::vector<llama_token> tokens(text.size() + 8);
  int count = llama_tokenize(vocab, text.data(), int(text.size()), tokens.data(),
                             int(tokens.size()), true, false);
  int wanted = std::atoi(argv[3]);
  if (count < 1 || wanted < 1)
    return fail("no tokens");

  llama_context_params parameters = llama_context_default_params();
  parameters.n_ctx = unsigned(count + wanted);
  parameters.n_threads = parameters.n_threads_batch = std::atoi(argv[4]);
  llama_context *context = llama_init_from_model(model, parameters);
  if (!context)
    return fail("no context");
  llama_sampler *greedy = llama_sampler_init_greedy();

  double start = now(), first = 0;
  llama_batch batch = llama_batch_get_one(tokens.data(), count);
  llama_token token;
  for (int i = 0; i < wanted; ++i) {
    if (llama_decode(context, batch) != 0)
      return fail("llama_decode failed");
    token = llama_sampler_sample(greedy, context, -1);
    char piece[256];
    int length = llama_token_to_piece(vocab, token, piece, sizeof piece, 0, false);
    std::fwrite(piece, 1, size_t(length > 0 ? length : 0), stdout);
    std::fflush(stdout);
    if (i == 0)
      first = now();
    batch = llama_batch_get_one(&token, 1);
  }
  std::fprintf(stderr, "prompt: %d tokens in %.4f s\n", count, first - start);
  std::fprintf(stderr, "generation: %d tokens in %.4f s\n", wanted - 1, now() - first);
}
