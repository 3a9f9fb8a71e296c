# The table of the example texts is true: examples/table.py.  New texts begin from them: examples/new.py.
if(TARGET tril)
  add_test(NAME examples.table COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/examples/table.py --tril $<TARGET_FILE:tril>)
  add_test(NAME examples.new COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/examples/new.py --tril $<TARGET_FILE:tril>)
endif()
