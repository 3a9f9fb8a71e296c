# The proof of causality against brute force, on random texts: causality/Soundness.cpp.
if(TRIL_COMPILER)
  add_executable(soundness ${CMAKE_CURRENT_LIST_DIR}/causality/Soundness.cpp ${CMAKE_CURRENT_LIST_DIR}/causality/Generator.cpp)
  target_compile_options(soundness PRIVATE -fno-rtti)
  target_include_directories(soundness PRIVATE ${CMAKE_SOURCE_DIR}/compiler ${CMAKE_BINARY_DIR}/compiler ${MLIR_INCLUDE_DIRS})
  target_link_libraries(soundness PRIVATE tril_compiler)
  add_test(NAME soundness COMMAND soundness --count 2000)
endif()
# Ways to leak, each refused at its place, beside harmless twins: causality/gallery.py.
if(TRIL_COMPILER)
  add_test(NAME gallery COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/causality/gallery.py --tril $<TARGET_FILE:tril>
           --soundness $<TARGET_FILE:soundness>)
endif()
# Weakening any mask of an example is caught: causality/mutate.py.
if(TRIL_COMPILER)
  add_test(NAME masks COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/causality/mutate.py --tril $<TARGET_FILE:tril>)
endif()
