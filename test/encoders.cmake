# Real encoders, their vectors beside another implementation's: encoders/check.py.  `scripts/setup encoders` fetches them.
if(TARGET tril)
  add_test(NAME encoders COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/encoders/check.py
           --tril $<TARGET_FILE:tril> --cache ${TRIL_CACHE})
  set_tests_properties(encoders PROPERTIES LABELS slow)
endif()
