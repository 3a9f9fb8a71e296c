# examples/table.py: the table of the texts is true.  examples/new.py: new texts begin from them.  examples/vary.py: variations of their
# configurations, one test for each text.
if(TARGET tril)
  set(examples ${CMAKE_CURRENT_LIST_DIR}/examples)
  foreach(script table new)
    add_test(NAME examples.${script} COMMAND ${Python3_EXECUTABLE} ${examples}/${script}.py --tril $<TARGET_FILE:tril>)
  endforeach()
  file(GLOB texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.tril)
  foreach(text ${texts})
    get_filename_component(text ${text} NAME_WE)
    add_test(NAME examples.vary.${text} COMMAND ${Python3_EXECUTABLE} ${examples}/vary.py --tril $<TARGET_FILE:tril> ${text})
  endforeach()
endif()
