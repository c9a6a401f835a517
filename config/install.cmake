# Where a Debian admin looks. CMAKE_INSTALL_PREFIX is /usr/local unless it is set; DESTDIR works.
if(TARGET trunkgate)
	install(TARGETS trunkgate RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
endif()

# The profiles are looked for in TRUNKGATE_DATADIR/providers; the schema is for editors.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/providers
	DESTINATION ${CMAKE_INSTALL_DATADIR}/trunkgate
	FILES_MATCHING PATTERN "*.yaml")
install(FILES ${PROJECT_SOURCE_DIR}/config/schema.json
	DESTINATION ${CMAKE_INSTALL_DATADIR}/trunkgate)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/certs/lab-ca
	DESTINATION ${CMAKE_INSTALL_DATADIR}/trunkgate)

# To read, and to begin with. Nothing goes to /etc: what is there is the admin's.
install(FILES
	${PROJECT_SOURCE_DIR}/config/minimal.yaml
	${PROJECT_SOURCE_DIR}/config/full.yaml
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES
	${PROJECT_SOURCE_DIR}/README.md
	${PROJECT_SOURCE_DIR}/CHANGELOG.md
	${PROJECT_SOURCE_DIR}/LICENSE
	DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/
	DESTINATION ${CMAKE_INSTALL_DOCDIR}
	FILES_MATCHING PATTERN "*.md")
install(FILES ${PROJECT_SOURCE_DIR}/man/trunkgate.8
	DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)

# systemd looks in lib/, whatever CMAKE_INSTALL_LIBDIR is.
configure_file(${PROJECT_SOURCE_DIR}/config/trunkgate.service.in
	${PROJECT_BINARY_DIR}/trunkgate.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/trunkgate.service DESTINATION lib/systemd/system)
install(FILES ${PROJECT_SOURCE_DIR}/config/sysusers.conf
	DESTINATION lib/sysusers.d RENAME trunkgate.conf)
