# What the documents show is what happens: docs/check.py.
if(TARGET tril)
  find_program(MLIR_TBLGEN mlir-tblgen HINTS /usr/lib/llvm-22/bin REQUIRED)
  add_test(NAME docs COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/docs/check.py --tril $<TARGET_FILE:tril>
           --tblgen ${MLIR_TBLGEN})
endif()
