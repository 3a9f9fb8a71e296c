# Random programs, a minute of them from a fixed seed; more by hand: random/run.py --count or --seconds, other --seed.
if(TARGET tril)
  add_test(NAME random COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/random/run.py --tril $<TARGET_FILE:tril> --seconds 60)
  # Examples with an operator, a number or a name of time changed: random/mutate.py.
  add_test(NAME examples.mutate COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/random/mutate.py --tril $<TARGET_FILE:tril> --seconds 60)
endif()
# Random attentions, compiled and run in one process, 1000 of them in four tests; 20,000 by hand, which tells how far it is:
# build/bin/attentions --count 20000 --jobs 2 (random/attention/Attentions.cpp).
if(TRIL_COMPILER)
  file(GLOB attentions CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/random/attention/*.cpp)
  add_executable(attentions ${attentions})
  target_compile_options(attentions PRIVATE -fno-rtti)
  target_include_directories(attentions PRIVATE ${CMAKE_SOURCE_DIR}/compiler ${CMAKE_BINARY_DIR}/compiler ${MLIR_INCLUDE_DIRS})
  target_link_libraries(attentions PRIVATE tril_compiler)
  foreach(first 0 42 84 126) # texts of 6 attentions
    add_test(NAME attentions.${first} COMMAND attentions --first ${first} --count 252)
    set_tests_properties(attentions.${first} PROPERTIES COST 100) # begun first
  endforeach()
endif()
