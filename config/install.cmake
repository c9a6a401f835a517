# The profiles are looked for in TRUNKGATE_DATADIR/providers; the rest is for reading and for editors.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/providers
	DESTINATION ${CMAKE_INSTALL_DATADIR}/trunkgate
	FILES_MATCHING PATTERN "*.yaml")
install(FILES
	${PROJECT_SOURCE_DIR}/config/minimal.yaml
	${PROJECT_SOURCE_DIR}/config/full.yaml
	${PROJECT_SOURCE_DIR}/config/schema.json
	DESTINATION ${CMAKE_INSTALL_DATADIR}/trunkgate)
