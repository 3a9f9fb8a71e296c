# A real model, end to end: smollm2/README.md.  Its weights come by `scripts/setup weights`.
if(TARGET tril)
  set(TRIL_WEIGHTS ${TRIL_CACHE}/SmolLM2-135M-Instruct.Q4_1.gguf CACHE FILEPATH "the real model of the tests")
  add_test(NAME smollm2 COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/smollm2/check.py
           --tril $<TARGET_FILE:tril> --weights ${TRIL_WEIGHTS})
  set_tests_properties(smollm2 PROPERTIES LABELS slow PROCESSORS 2) # two threads that wait for each other
endif()
