# Random programs, a minute of them from a fixed seed; more by hand: random/run.py --count or --seconds, other --seed.
if(TARGET tril)
  add_test(NAME random COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/random/run.py --tril $<TARGET_FILE:tril> --seconds 60)
endif()
# Random attentions, compiled and run in one process, some of them: random/attention/Attentions.cpp; 20,000 by hand: --count 20000 --jobs 2.
if(TRIL_COMPILER)
  file(GLOB attentions CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/random/attention/*.cpp)
  add_executable(attentions ${attentions})
  target_compile_options(attentions PRIVATE -fno-rtti)
  target_include_directories(attentions PRIVATE ${CMAKE_SOURCE_DIR}/compiler ${CMAKE_BINARY_DIR}/compiler ${MLIR_INCLUDE_DIRS})
  target_link_libraries(attentions PRIVATE tril_compiler)
  add_test(NAME attentions COMMAND attentions --count 60 --jobs 2)
endif()
