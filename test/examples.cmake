# The table of the example texts is true: examples/table.py.
if(TARGET tril)
  add_test(NAME examples.table COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/examples/table.py --tril $<TARGET_FILE:tril>)
endif()
